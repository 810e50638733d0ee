import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatBase62 } from '../src/base62.ts'
import { isKeyId, newKeyId, newKeySecret } from '../src/key-format.ts'

const RUNS = 500

test('a key id is ihk_ and 20 base62 characters', () => {
  for (let run = 0; run < RUNS; run += 1) expect(newKeyId(randomBytes)).toMatch(/^ihk_[0-9A-Za-z]{20}$/)
})

test('a secret is ih_live_, 43 base62 characters and 6 of the CRC-32 of all that', () => {
  for (let run = 0; run < RUNS; run += 1) {
    const secret = newKeySecret(randomBytes)
    expect(secret).toMatch(/^ih_live_[0-9A-Za-z]{49}$/)
    expect(secret.slice(-6)).toBe(formatBase62(crc32(secret.slice(0, -6)), 6))
  }
})

test('no two ids and no two secrets are alike', () => {
  const made = Array.from({ length: RUNS }, () => [newKeyId(randomBytes), newKeySecret(randomBytes)]).flat()
  expect(new Set(made).size).toBe(made.length)
})

test('every place of a secret takes every character of the alphabet', () => {
  const seen = Array.from({ length: 43 }, () => new Set<string>())
  for (let run = 0; run < 2000; run += 1) {
    const body = newKeySecret(randomBytes).slice('ih_live_'.length, -6)
    for (const [place, character] of [...body].entries()) seen[place]?.add(character)
  }
  expect(seen.map((characters) => characters.size)).toEqual(Array.from({ length: 43 }, () => 62))
})

test('only the exact form counts as a key id: it decides what may stand in a log line', () => {
  expect(isKeyId(newKeyId(randomBytes))).toBe(true)
  const refused = [undefined, null, 1, [], '', 'ihk_', 'ih_live_LEAK', `ihk_${'a'.repeat(21)}`]
  const lookAlikes = [`ihk_${'a'.repeat(19)}é`, `ihk_${'a'.repeat(20)}\n`, ` ihk_${'a'.repeat(20)}`]
  for (const value of [...refused, ...lookAlikes]) expect(isKeyId(value)).toBe(false)
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(isKeyId(text)).toBe(/^ihk_[0-9A-Za-z]{20}$/.test(text) && !text.includes('\n'))
    }),
  )
})
