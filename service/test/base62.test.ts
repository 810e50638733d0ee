import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatBase62, randomBase62 } from '../src/base62.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

test('every byte that is used gives each character four times, so that each is equally likely', () => {
  const every = randomBase62(248, () => Buffer.from(Array.from({ length: 248 }, (_, byte) => byte)))
  for (const character of ALPHABET) expect(every.split(character).length - 1).toBe(4)
})

test('a byte above the largest multiple of 62 is drawn again', () => {
  const draws = [Buffer.of(248, 255, 249), Buffer.of(0, 61, 62)]
  expect(randomBase62(3, () => draws.shift() ?? Buffer.of())).toBe('0z0')
})

test('the asked number of characters comes, of the alphabet and no other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), (length) => {
      expect(randomBase62(length, randomBytes)).toMatch(new RegExp(`^[0-9A-Za-z]{${length}}$`))
    }),
  )
})

test('a number is written most significant character first and padded with zeros', () => {
  expect(formatBase62(0, 6)).toBe('000000')
  expect(formatBase62(61, 6)).toBe('00000z')
  expect(formatBase62(62, 6)).toBe('000010')
})

test('every 32-bit number fits into six characters and can be read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
      const text = formatBase62(value, 6)
      expect(text).toHaveLength(6)
      expect([...text].reduce((sum, character) => sum * 62 + ALPHABET.indexOf(character), 0)).toBe(value)
    }),
  )
})
