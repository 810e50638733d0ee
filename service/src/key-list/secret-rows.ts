import { createReadStream } from 'node:fs'
import { isKeyId } from '../key-format.ts'
import { OperatorError } from '../operator-error.ts'

/** What a file of secrets calls itself. */
export const SECRETS_FORMAT = 'interhuman-auth-key-secrets'

/** What the first line of a file of secrets says: which import it belongs to. */
export interface SecretsHeader {
  readonly format: typeof SECRETS_FORMAT
  readonly version: 1
  /** The epoch of the store: another one does not have these keys, and one that was put back may lack some. */
  readonly store: string
  /** Of the list. */
  readonly list_sha256: string
  readonly keys: number
}

/** A line of the file: a key, and the secret that it was made with. */
export interface SecretRow {
  /** Of the list. */
  readonly line: number
  readonly name: string
  readonly key_id: string
  readonly key_secret: string
}

/** What a file of secrets holds. */
export interface SecretRows {
  readonly rows: number
  /** The last of them, as many as were asked for. */
  readonly newest: readonly SecretRow[]
  /** Where the last whole row ends, in bytes. */
  readonly end: number
}

/** No row of ours is as long as this, in bytes. */
const MAX_ROW_BYTES = 4096
const NEWLINE = 0x0a

/**
 * Reads a file of secrets; a row that was cut off in the middle is none.
 *
 * @throws {OperatorError} when it is that of another import, or none at all.
 */
export async function readSecretRows(
  path: string,
  header: SecretsHeader,
  newest: number,
): Promise<SecretRows> {
  let last: SecretRow[] = []
  let rows = -1
  let end = 0
  for await (const line of readWholeLines(path)) {
    if (rows === -1) compareHeader(path, line, header)
    else {
      last.push(parseRow(path, line))
      if (last.length >= 2 * newest) last = last.slice(-newest)
    }
    rows += 1
    end += Buffer.byteLength(line) + 1
  }
  if (rows === -1) throw isNone(path)
  if (rows > header.keys) throw isNone(path)
  return { rows, newest: last.slice(-newest), end }
}

async function* readWholeLines(path: string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path)) {
    const all = Buffer.concat([rest, chunk as Buffer])
    const end = all.lastIndexOf(NEWLINE) + 1
    rest = all.subarray(end)
    if (rest.length > MAX_ROW_BYTES) throw isNone(path)
    if (end > 0) yield* all.toString('utf8', 0, end - 1).split('\n')
  }
}

function compareHeader(path: string, line: string, expected: SecretsHeader): void {
  const found = parse(line) as Partial<SecretsHeader> | undefined
  if (found?.format !== expected.format || found.version !== expected.version) throw isNone(path)
  if (found.list_sha256 !== expected.list_sha256)
    throw new OperatorError(`${path} is that of another list, or the list was changed since; name a new file`)
  if (found.store !== expected.store)
    throw new OperatorError(
      `${path} is that of another store, or the store was put back from a backup since; name a new file`,
    )
}

function parseRow(path: string, line: string): SecretRow {
  const row = parse(line) as Partial<SecretRow> | undefined
  const { line: number, name, key_id, key_secret } = row ?? {}
  if (!Number.isInteger(number) || typeof name !== 'string' || !isKeyId(key_id)) throw isNone(path)
  if (typeof key_secret !== 'string' || key_secret === '') throw isNone(path)
  return row as SecretRow
}

function parse(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function isNone(path: string): OperatorError {
  return new OperatorError(
    `${path} exists already and is no file of secrets of an import, or was changed; name a new file`,
  )
}
