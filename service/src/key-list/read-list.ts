import { createHash, type Hash } from 'node:crypto'
import { OperatorError } from '../operator-error.ts'
import { type ListEntry, parseEntry } from './entry.ts'
import type { ListedFields } from './fields.ts'
import { KeyListError } from './key-list-error.ts'
import { readJsonLines } from './read-json-lines.ts'
import { readText } from './read-text.ts'

/** The formats of a list, by how the name of its file ends. */
export type ListFormat = 'csv' | 'jsonl'

/** A file that lists keys. */
export interface KeyList {
  readonly file: string
  readonly format: ListFormat
}

/** A list that was read to its end and has nothing wrong in it. */
export interface CheckedList {
  /** How many keys it asks for. */
  readonly keys: number
  /** Of every byte, a byte order mark left out; in hexadecimal. */
  readonly sha256: string
}

/** Of how many bad lines one error tells. */
const TOLD_PROBLEMS = 10

/**
 * Reads a list to its end before anything is made of it.
 *
 * @param now epoch seconds: no key may expire before.
 * @throws {OperatorError} which names the first bad lines and what is wrong with each.
 */
export async function checkList(list: KeyList, now: number): Promise<CheckedList> {
  const hash = createHash('sha256')
  const problems: string[] = []
  let keys = 0
  const note = (error: unknown) => {
    if (!(error instanceof KeyListError)) throw error
    problems.push(error.message)
  }
  try {
    for await (const listed of readFields(list, hash)) {
      keys += 1
      attempt(() => parseEntry(listed, now), note)
      if (problems.length === TOLD_PROBLEMS) break
    }
  } catch (error) {
    note(error)
  }
  if (problems.length > 0) throw new OperatorError([...problems, 'no key was made'].join('\n'))
  if (keys === 0) throw new OperatorError('the list asks for no key')
  return { keys, sha256: hash.digest('hex') }
}

/**
 * The keys of a list that was checked.
 *
 * @throws {KeyListError} where it is not what it was then.
 */
export async function* readEntries(list: KeyList, now: number): AsyncGenerator<ListEntry> {
  for await (const listed of readFields(list, createHash('sha256'))) yield parseEntry(listed, now)
}

async function* readFields({ file, format }: KeyList, hash: Hash): AsyncGenerator<ListedFields> {
  const text = readText(file, hash)
  if (format === 'csv') yield* (await import('./read-csv.ts')).readCsv(text)
  else yield* readJsonLines(text)
}

function attempt(work: () => void, fail: (error: unknown) => void): void {
  try {
    work()
  } catch (error) {
    fail(error)
  }
}
