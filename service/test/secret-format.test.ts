import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { formatBase62 } from '../src/base62.ts'
import {
  hasChecksum,
  isSecret,
  MAX_SECRET_LENGTH,
  newSecret,
  SECRET_PATTERN,
  SECRET_PREFIXES,
} from '../src/secret-format.ts'

const PAGE = readFileSync(new URL('../../docs/key-format.md', import.meta.url), 'utf8')

test.each(SECRET_PREFIXES)('a secret that begins with %s is one, and one of no other kind', (prefix) => {
  for (let run = 0; run < 200; run += 1) {
    const secret = newSecret(prefix, randomBytes)
    expect(secret).toMatch(new RegExp(`^${SECRET_PATTERN}$`))
    expect(secret.length).toBeLessThanOrEqual(MAX_SECRET_LENGTH)
    for (const other of SECRET_PREFIXES) expect(isSecret(secret, other)).toBe(other === prefix)
  }
})

test('one character that is another, more or less, and it is none', () => {
  const secret = newSecret('iha_', randomBytes)
  for (let place = 4; place < secret.length; place += 1) {
    const other = secret[place] === 'a' ? 'b' : 'a'
    expect(isSecret(secret.slice(0, place) + other + secret.slice(place + 1), 'iha_')).toBe(false)
  }
  for (const text of ['', 'iha_', `${secret}a`, secret.slice(0, -1), ` ${secret}`, `${secret}\n`])
    expect(isSecret(text, 'iha_')).toBe(false)
})

test('docs/key-format.md publishes the pattern that the program uses', () => {
  expect(PAGE).toContain(`\n${SECRET_PATTERN}\n`)
})

test('the test vectors of docs/key-format.md are so', () => {
  const rows = [...PAGE.matchAll(/^\| `(\S+)` \| (\d+|–) \| (yes|no)/gm)]
  expect(rows.map(([, , , is]) => is)).toEqual(['yes', 'yes', 'yes', 'yes', 'no', 'no', 'no'])
  for (const [, text = '', sum, is] of rows) {
    const matches = new RegExp(`^${SECRET_PATTERN}$`).test(text)
    expect(matches && hasChecksum(text)).toBe(is === 'yes')
    if (sum === '–') continue
    expect(crc32(text.slice(0, -6))).toBe(Number(sum))
    expect(text.slice(-6) === formatBase62(Number(sum), 6)).toBe(is === 'yes')
  }
})
