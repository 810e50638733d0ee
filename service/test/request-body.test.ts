import { ERRORS } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { parseJsonBody } from '../src/request-body.ts'

const refused = expect.objectContaining({ row: ERRORS.bodyNotJson })

test.each([
  '',
  ' ',
  '{',
  'LEAK',
  '{"a":1}LEAK',
  "{'a':1}",
  '{"a":1,}',
  '\ufeff{}',
  'NaN',
  '[1,]',
  '{"a":"\n"}',
])('%j is not JSON: 400', (text) => {
  expect(() => parseJsonBody(Buffer.from(text))).toThrow(refused)
})

test.each([
  ['a lone continuation byte', [0x22, 0x80, 0x22]],
  ['an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
  ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ['a cut character', [0x22, 0xe2, 0x82]],
  ['UTF-16', [0xff, 0xfe, 0x7b, 0, 0x7d, 0]],
])('%s is not UTF-8: 400, and never a replaced character', (_, bytes) => {
  expect(() => parseJsonBody(Buffer.from(bytes))).toThrow(refused)
})

test('ten thousand levels of nesting are read without harm', () => {
  expect(() => parseJsonBody(Buffer.from('['.repeat(10_000) + ']'.repeat(10_000)))).not.toThrow()
  expect(() => parseJsonBody(Buffer.from('['.repeat(10_000)))).toThrow(refused)
})

test('the error does not repeat the body', () => {
  try {
    parseJsonBody(Buffer.from('ih_live_LEAK'))
  } catch (error) {
    expect(`${String(error)}${(error as Error).stack}${JSON.stringify(error)}`).not.toContain('LEAK')
  }
})
