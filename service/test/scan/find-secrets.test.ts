import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSecretFinder, redactSecrets } from '../../src/scan/find-secrets.ts'
import { newSecret, SECRET_PREFIXES } from '../../src/secret-format.ts'

const [KEY, VERIFIER, ADMIN] = SECRET_PREFIXES.map((prefix) => newSecret(prefix, randomBytes)) as [
  string,
  string,
  string,
]

function find(text: string | Buffer, pieceBytes = 1 << 20) {
  const bytes = Buffer.from(text)
  const finder = createSecretFinder()
  const found = []
  for (let start = 0; start < bytes.length; start += pieceBytes)
    found.push(...finder.push(bytes.subarray(start, start + pieceBytes)))
  return found
}

test('each kind is found, with its line, whatever stands around it', () => {
  expect(find(`a\nkey=${KEY}\n\n"${VERIFIER}"${ADMIN}`)).toEqual([
    { secret: KEY, line: 2 },
    { secret: VERIFIER, line: 4 },
    { secret: ADMIN, line: 4 },
  ])
  expect(find(`x${KEY}x`)).toEqual([{ secret: KEY, line: 1 }])
})

test('wherever a piece ends, each secret is found once, in its line', () => {
  const text = `é\n${KEY}\n${ADMIN}${VERIFIER}\n${KEY}`
  const expected = find(text)
  expect(expected.map(({ line }) => line)).toEqual([2, 3, 3, 4])
  for (let size = 1; size < 120; size += 1) expect(find(text, size)).toEqual(expected)
})

test('what is no secret is not found: a checksum that is wrong, one cut short, an example', () => {
  const last = KEY.endsWith('a') ? 'b' : 'a'
  for (const text of [
    '',
    KEY.slice(0, -1),
    KEY.slice(0, -1) + last,
    `ih_live_${'x'.repeat(49)}`,
    `IH_LIVE_${KEY.slice(8)}`,
  ])
    expect(find(text)).toEqual([])
})

test('a secret that begins inside of what only looks like one is found', () => {
  expect(find(`iha_${'x'.repeat(47)}${KEY}`)).toEqual([{ secret: KEY, line: 1 }])
})

test('in UTF-16, and between bytes of any kind, it is found', () => {
  expect(find(Buffer.from(`\ufeffkey=${KEY}\r\n`, 'utf16le'))).toEqual([{ secret: KEY, line: 1 }])
  expect(find(Buffer.from(`${KEY}`, 'utf16le').swap16(), 7)).toEqual([{ secret: KEY, line: 1 }])
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 1, max: 90 }),
      (before, after, size) => {
        const found = find(Buffer.concat([before, Buffer.from(KEY), after]), size)
        expect(found.map(({ secret }) => secret)).toEqual([KEY])
      },
    ),
    { numRuns: 300 },
  )
})

test('attack 55: a megabyte that begins a secret at every place takes no more than a look at each', () => {
  const text = `${'ih_live_ihv_iha_'.repeat(65_536)}ih_live_${'0'.repeat(1 << 20)}`
  expect(find(text, 4096)).toEqual([])
})

test('a text is written without the secrets in it, and on one line', () => {
  expect(redactSecrets(`/srv/${KEY}/a\n\u001b[31m${ADMIN}`)).toBe('/srv/ih_live_[…]/a\ufffd\ufffd[31miha_[…]')
})
