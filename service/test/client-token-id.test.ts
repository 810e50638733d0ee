import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newClientTokenId, parseClientTokenId, readClientTokenId } from '../src/client-token-id.ts'
import { newKeyId } from '../src/key-format.ts'
import { deriveBytes } from '../src/master-key.ts'

const KEY_ID = 'ihk_0123456789abcdefGHIJ'
const identity = { keyId: KEY_ID, expiresAt: 1_800_000_300 }
const tokenIdKey = createSecretKey(Buffer.alloc(32, 1))
const from = { tokenIdKey, randomBytes }
const parse = (text: string) => parseClientTokenId(text, tokenIdKey)
const encode = (value: string) => Buffer.from(value).toString('base64url')

test('an id is ihct_, its key, the second of its expiry and 22 base62 characters and a tag', () => {
  expect(newClientTokenId(identity, from)).toMatch(
    /^ihct_0123456789abcdefGHIJ_1800000300_[0-9A-Za-z]{22}_[0-9a-f]{24}$/,
  )
})

test('no two ids are the same, and each says whose its token is and until when it lives', () => {
  const ids = Array.from({ length: 200 }, () => newClientTokenId(identity, from))
  expect(new Set(ids).size).toBe(200)
  for (const id of ids) expect(parse(id)).toEqual(identity)
  const keyId = newKeyId(randomBytes)
  const other = newClientTokenId({ keyId, expiresAt: 1_700_000_000 }, from)
  expect(parse(other)).toEqual({ keyId, expiresAt: 1_700_000_000 })
})

test('an id is good at every start with the same master key, and only there', () => {
  const start = (byte: number) => createSecretKey(deriveBytes(Buffer.alloc(32, byte), 'client token id'))
  const id = newClientTokenId(identity, { tokenIdKey: start(7), randomBytes })
  expect(parseClientTokenId(id, start(7))).toEqual(identity)
  expect(parseClientTokenId(id, start(8))).toBeUndefined()
  expect(
    parseClientTokenId(id, createSecretKey(deriveBytes(Buffer.alloc(32, 7), 'another purpose'))),
  ).toBeUndefined()
})

test('an id is not good any more with one character changed, whichever it is', () => {
  const id = newClientTokenId(identity, from)
  for (const index of Array.from(id).keys()) {
    const other = id[index] === '1' ? '2' : '1'
    expect(parse(id.slice(0, index) + other + id.slice(index + 1))).toBeUndefined()
  }
})

const good = newClientTokenId(identity, from)
test.each([
  '',
  KEY_ID,
  'LEAK',
  ` ${good}`,
  `${good} `,
  `${good}\n`,
  `${good}0`,
  good.slice(0, -1),
  good.slice(1),
  good.replace('_1800000300_', '_01800000300_'),
  good.replace('_1800000300_', '_-180000030_'),
  good.replace('_1800000300_', '_1e99999999_'),
  good.replace('_1800000300_', '_18000003000_'),
  good.replace('0123', '012\u0661'),
  good.replaceAll('_', '-'),
  '2f9c1b1e-9f0a-4c6e-8f5e-0f4e6f1d2c3b',
])('%j is no id of a client token', (text) => {
  expect(parse(text)).toBeUndefined()
})

test('an id is read out of a token, whatever its signature', () => {
  const payload = encode(JSON.stringify({ jti: good, sub: KEY_ID }))
  for (const token of [`e30.${payload}.LEAK`, `e30.${payload}.`, `.${payload}`])
    expect(readClientTokenId(token)).toBe(good)
})

test.each([
  '',
  '.',
  'LEAK',
  good,
  'a.b.c',
  `e30.${encode('null')}.x`,
  `e30.${encode('[]')}.x`,
  `e30.${encode('1')}.x`,
  `e30.${encode('"LEAK"')}.x`,
  `e30.${encode('{"jti":1}')}.x`,
  `e30.${encode('{"__proto__":{"jti":"LEAK"}}')}.x`,
  `e30.${encode('['.repeat(5000))}.x`,
])('%j holds none, and does no harm', (token) => {
  expect(readClientTokenId(token)).toBeUndefined()
})

test('whatever the text, reading it never throws', () => {
  fc.assert(
    fc.property(fc.string(), fc.json(), (text, json) => {
      for (const token of [text, `${text}.${encode(json)}.x`]) {
        const id = readClientTokenId(token)
        if (id !== undefined) parse(id)
      }
      parse(text)
    }),
  )
})
