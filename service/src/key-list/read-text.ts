import { isUtf8 } from 'node:buffer'
import type { Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { OperatorError } from '../operator-error.ts'
import { KeyListError } from './key-list-error.ts'

/** No line of a list is as long as this. */
const MAX_LINE_BYTES = 64 * 1024
const NEWLINE = 0x0a
const BYTE_ORDER_MARK = Buffer.of(0xef, 0xbb, 0xbf)

/**
 * The text of a list in pieces of whole lines, without a byte order mark.
 *
 * @param hash takes every byte.
 * @throws {KeyListError} for a line that is too long, or not UTF-8.
 * @throws {OperatorError} when the file cannot be read.
 */
export async function* readText(file: string, hash: Hash): AsyncGenerator<string> {
  let line = 1
  let rest: Buffer = Buffer.alloc(0)
  for await (const bytes of readBytes(file)) {
    hash.update(bytes)
    const all = Buffer.concat([rest, bytes])
    const end = all.lastIndexOf(NEWLINE) + 1
    rest = all.subarray(end)
    if (end > 0) {
      const piece = all.subarray(0, end)
      yield decode(piece, line)
      line += countLines(piece)
    }
    if (rest.length > MAX_LINE_BYTES) throw tooLong(line)
  }
  if (rest.length > 0) yield decode(rest, line)
}

async function* readBytes(file: string): AsyncGenerator<Buffer> {
  try {
    let first = true
    for await (const chunk of createReadStream(file)) {
      const bytes = chunk as Buffer
      yield first && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes
      first = false
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (typeof code !== 'string' || error instanceof OperatorError) throw error
    throw new OperatorError(`${file} cannot be read (${code})`)
  }
}

/** Looked at as a whole; line by line only to say which one it is. */
function decode(piece: Buffer, firstLine: number): string {
  let line = firstLine
  const isWhole = isUtf8(piece)
  for (let from = 0; from < piece.length; line += 1) {
    const newline = piece.indexOf(NEWLINE, from)
    const end = newline === -1 ? piece.length : newline + 1
    if (end - from > MAX_LINE_BYTES) throw tooLong(line)
    if (!isWhole && !isUtf8(piece.subarray(from, end)))
      throw new KeyListError(line, 'is not UTF-8; save the file in that encoding')
    from = end
  }
  return piece.toString('utf8')
}

function countLines(piece: Buffer): number {
  let lines = 0
  for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, at + 1)) lines += 1
  return lines
}

function tooLong(line: number): KeyListError {
  return new KeyListError(line, `is longer than ${MAX_LINE_BYTES} bytes`)
}
