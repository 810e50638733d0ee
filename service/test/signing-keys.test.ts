import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { ALGORITHMS, type Algorithm, MAX_CLOCK_SKEW_SECONDS } from '@interhuman-auth/protocol'
import { calculateJwkThumbprint } from 'jose'
import { expect, test } from 'vitest'
import { UnsealError, unseal } from '../src/master-key.ts'
import {
  createSigningKey,
  formatKeySet,
  openSigningKey,
  RETIRED_KEY_SECONDS,
  type SigningKey,
  type SigningKeyContext,
  settleSigningKeys,
} from '../src/signing-keys.ts'

const masterKey = randomBytes(32)
const context = (algorithm: Algorithm, now = 1000): SigningKeyContext => ({
  algorithm,
  masterKey,
  now,
  randomBytes,
})
const states = (keys: readonly SigningKey[]) => keys.map((key) => `${key.algorithm} ${key.state}`).sort()

/** What a store holds after a change. */
function applied(keys: readonly SigningKey[], algorithm: Algorithm, now = 1000): SigningKey[] {
  const { insert, update } = settleSigningKeys(keys, context(algorithm, now))
  const changed = new Map(update.map((key) => [key.kid, key]))
  return [...keys.map((key) => changed.get(key.kid) ?? key), ...insert]
}

test.each(ALGORITHMS)('the first start makes an active and a next key of %s', (algorithm) => {
  expect(states(applied([], algorithm))).toEqual([`${algorithm} active`, `${algorithm} next`])
})

test.each(ALGORITHMS)('a later start with %s changes nothing', (algorithm) => {
  expect(settleSigningKeys(applied([], algorithm), context(algorithm))).toEqual({ insert: [], update: [] })
})

test('a set that lacks its next key gets one and keeps the active one', () => {
  const keys = applied([], 'ES256').filter((key) => key.state === 'active')
  const change = settleSigningKeys(keys, context('ES256'))
  expect(change.update).toEqual([])
  expect(change.insert.map((key) => key.state)).toEqual(['next'])
})

test('a change of the algorithm retires every living key of the other one at that second', () => {
  const before = applied([], 'ES256')
  const after = applied(before, 'EdDSA', 2000)
  expect(states(after)).toEqual(['ES256 retired', 'ES256 retired', 'EdDSA active', 'EdDSA next'])
  for (const key of after) expect(key.retiredAt).toBe(key.state === 'retired' ? 2000 : null)
})

test('a retired key never signs again: the way back makes new keys and does not touch it', () => {
  const there = applied(applied([], 'ES256'), 'EdDSA', 2000)
  const back = applied(there, 'ES256', 3000)
  expect(states(back)).toEqual(
    ['ES256 active', 'ES256 next', 'ES256 retired', 'ES256 retired', 'EdDSA retired', 'EdDSA retired'].sort(),
  )
  expect(back.filter((key) => key.algorithm === 'ES256' && key.retiredAt === 2000)).toHaveLength(2)
})

test('the key set holds next and active, public members and no other', () => {
  const { keys } = formatKeySet(applied([], 'ES256'), 1000)
  expect(keys.map((key) => Object.keys(key).sort())).toEqual(
    Array.from({ length: 2 }, () => ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']),
  )
  const [okp] = formatKeySet(applied([], 'EdDSA'), 1000).keys
  expect(Object.keys(okp ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
})

test('the key set of HS256 is empty: its keys have no public part', () => {
  expect(formatKeySet(applied([], 'HS256'), 1000)).toEqual({ keys: [] })
})

test('a retired key verifies for the longest token and the skew, and leaves the key set at that very second', () => {
  const after = applied(applied([], 'ES256'), 'EdDSA', 2000)
  expect(RETIRED_KEY_SECONDS).toBe(3600 + MAX_CLOCK_SKEW_SECONDS)
  expect(formatKeySet(after, 2000 + RETIRED_KEY_SECONDS - 1).keys).toHaveLength(4)
  expect(formatKeySet(after, 2000 + RETIRED_KEY_SECONDS).keys.map((key) => key.alg)).toEqual([
    'EdDSA',
    'EdDSA',
  ])
})

test.each(['ES256', 'EdDSA'] as const)('the kid of %s is the thumbprint of RFC 7638', async (algorithm) => {
  const { kid, publicJwk } = createSigningKey('active', context(algorithm))
  expect(kid).toBe(await calculateJwkThumbprint({ ...publicJwk }))
})

test.each(ALGORITHMS)(
  'the private part of %s stands in the row sealed, and opens to the public part',
  (algorithm) => {
    const key = createSigningKey('active', context(algorithm))
    const opened = openSigningKey(key, masterKey)
    expect(opened).toMatchObject({ kid: key.kid, algorithm })
    const bytes = unseal(masterKey, key.sealedPrivateKey, `signing-key:${algorithm}:${key.kid}`)
    expect(key.sealedPrivateKey.includes(bytes.subarray(-32))).toBe(false)
    if (algorithm === 'HS256') return expect(opened.privateKey.export()).toEqual(bytes)
    const { x } = createPublicKey(createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })).export({
      format: 'jwk',
    })
    expect(key.publicJwk?.x).toBe(x)
  },
)

test('a sealed key does not open under another master key, nor in the row of another key or algorithm', () => {
  const [first, second] = applied([], 'ES256') as [SigningKey, SigningKey]
  expect(() => openSigningKey(first, randomBytes(32))).toThrow(UnsealError)
  const moved = { ...first, sealedPrivateKey: second.sealedPrivateKey }
  expect(() => openSigningKey(moved, masterKey)).toThrow(UnsealError)
  expect(() => openSigningKey({ ...first, algorithm: 'HS256' }, masterKey)).toThrow(UnsealError)
})
