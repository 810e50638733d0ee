import { ERRORS } from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFormText, parseForm, parseFormText } from '../src/form-body.ts'

const malformed = expect.objectContaining({ row: ERRORS.formMalformed })
const repeated = expect.objectContaining({ row: ERRORS.parameterRepeated })

test('every form that URLSearchParams writes, with each name once, is read as it was meant', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constant('__proto__'))
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name }), (pairs) => {
      const form = new URLSearchParams(pairs as [string, string][])
      expect([...parseForm(Buffer.from(form.toString()))]).toEqual([...form].filter(([, value]) => value))
    }),
  )
})

test('random bytes give parameters or a 400, and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        parseForm(Buffer.from(bytes))
      } catch (error) {
        expect([ERRORS.formMalformed, ERRORS.parameterRepeated]).toContain((error as { row: unknown }).row)
      }
    }),
  )
})

test.each(['scope=', 'scope', '', '&', '&&scope=&'])(
  'a parameter without a value (%j) is no parameter',
  (text) => {
    expect([...parseFormText(text)]).toEqual([])
  },
)

test.each(['a=1&a=1', 'a=1&%61=2', 'a=&a=1', 'a=1&a', '__proto__=1&__proto__=2', '=1&=2'])(
  'attack 16: a name that stands twice (%j) is refused',
  (text) => {
    expect(() => parseFormText(text)).toThrow(repeated)
  },
)

test.each(['a=%', 'a=%4', 'a=%zz', '%=1', 'a=%ff', 'a=%c0%80', 'a=%ed%a0%80', 'a=%e2%82'])(
  'what cannot be decoded (%j) is refused, never replaced',
  (text) => {
    expect(() => parseFormText(text)).toThrow(malformed)
  },
)

test('bytes that are not UTF-8 are refused, never replaced', () => {
  expect(() => parseForm(Buffer.from('a=\xff', 'latin1'))).toThrow(malformed)
})

test('a plus sign is a space, an encoded one a plus sign', () => {
  expect(decodeFormText('a+b%2Bc%20d')).toBe('a b+c d')
})
