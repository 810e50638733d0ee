import type { ListedFields } from './fields.ts'
import { KeyListError } from './key-list-error.ts'

/**
 * Reads JSON Lines: an object a line; lines with nothing in them are left out.
 *
 * @throws {KeyListError} for a line that is no JSON object.
 */
export async function* readJsonLines(text: AsyncIterable<string>): AsyncGenerator<ListedFields> {
  let line = 0
  for await (const piece of text) {
    const lines = piece.split('\n')
    if (lines.at(-1) === '') lines.pop()
    for (const one of lines) {
      line += 1
      if (one.trim() !== '') yield { line, fields: parseObject(one, line) }
    }
  }
}

function parseObject(text: string, line: number): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new KeyListError(line, 'is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new KeyListError(line, 'is not a JSON object')
  return value as Record<string, unknown>
}
