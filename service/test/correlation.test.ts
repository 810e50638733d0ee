import { expect, test } from 'vitest'
import { readClientRequestId } from '../src/correlation.ts'

test('a printable id of at most 128 characters is logged as it is', () => {
  for (const id of ['a', '7f9c-1', '"quoted"', '~'.repeat(128)]) expect(readClientRequestId(id)).toBe(id)
})

test('of several the first counts', () => {
  expect(readClientRequestId(['first', 'second'])).toBe('first')
})

test.each([
  ['absent', undefined],
  ['empty', ''],
  ['too long', 'a'.repeat(129)],
  ['with a space', 'a b'],
  ['with a line break', 'a\r\n{"event":"forged"}'],
  ['with an escape sequence', '\u001b[2J'],
  ['with NUL', 'a\0'],
  ['with DEL', 'a\u007f'],
  ['with a C1 control', 'a\u009b'],
  ['with a line separator', 'a\u2028'],
  ['with text that turns around', 'a\u202e'],
  ['of nothing', []],
])('an id that is %s is left out', (_, id) => {
  expect(readClientRequestId(id)).toBeUndefined()
})
