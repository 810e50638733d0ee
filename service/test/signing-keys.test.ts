import { randomBytes } from 'node:crypto'
import { ALGORITHMS, type Algorithm, MAX_CLOCK_SKEW_SECONDS } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import type { SigningKey } from '../src/signing-key.ts'
import {
  formatKeySet,
  KEY_SET_MAX_AGE_SECONDS,
  loseSigningKey,
  PUBLISHED_BEFORE_SIGNING_SECONDS,
  RETIRED_KEY_SECONDS,
  RETIRED_ROW_SECONDS,
  rotateSigningKeys,
  rotationDueAt,
  SigningKeyError,
  settleSigningKeys,
} from '../src/signing-keys.ts'
import { applyChange } from './support/apply-signing-key-change.ts'

const masterKey = randomBytes(32)
const at = (now: number) => ({ masterKey, now, randomBytes })
const PUBLISHED = 1000 + PUBLISHED_BEFORE_SIGNING_SECONDS
const states = (keys: readonly SigningKey[]) => keys.map((key) => `${key.algorithm} ${key.state}`).sort()
const inState = (keys: readonly SigningKey[], state: SigningKey['state']) =>
  keys.find((key) => key.state === state) as SigningKey
const kids = (keys: readonly SigningKey[], now: number) => formatKeySet(keys, now).keys.map((key) => key.kid)

function settled(keys: readonly SigningKey[], algorithm: Algorithm = 'ES256', now = 1000): SigningKey[] {
  return applyChange(keys, settleSigningKeys(keys, { ...at(now), algorithm }))
}

function rotated(keys: readonly SigningKey[], now: number, forced = false): SigningKey[] {
  return applyChange(keys, rotateSigningKeys(keys, at(now), { forced }))
}

function lost(keys: readonly SigningKey[], kid: string, now: number): SigningKey[] {
  return applyChange(keys, loseSigningKey(keys, kid, at(now)))
}

function problem(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error instanceof SigningKeyError ? `${error.problem} ${error.waitSeconds}` : error
  }
}

test.each(ALGORITHMS)('the first start makes an active and a next key of %s', (algorithm) => {
  expect(states(settled([], algorithm))).toEqual([`${algorithm} active`, `${algorithm} next`])
})

test.each(ALGORITHMS)('a later start with %s changes nothing', (algorithm) => {
  const change = settleSigningKeys(settled([], algorithm), { ...at(9_000_000), algorithm })
  expect(change).toEqual({ insert: [], update: [] })
})

test('a set that lacks its next key gets one and keeps the active one', () => {
  const keys = settled([]).filter((key) => key.state === 'active')
  const change = settleSigningKeys(keys, { ...at(1000), algorithm: 'ES256' })
  expect(change.update).toEqual([])
  expect(change.insert.map((key) => key.state)).toEqual(['next'])
})

test('a set that lacks its active key has its next one sign, which is published already', () => {
  const keys = settled([]).filter((key) => key.state === 'next')
  const [key] = keys
  const after = settled(keys, 'ES256', 2000)
  expect(inState(after, 'active')).toEqual({ ...key, state: 'active', activatedAt: 2000 })
  expect(states(settled(keys, 'EdDSA', 2000))).toEqual(['ES256 retired', 'EdDSA active', 'EdDSA next'])
})

test('a rotation: the next key signs, the active one retires, a new next one is published, and no kid leaves the key set', () => {
  const before = settled([])
  const after = rotated(before, PUBLISHED)
  expect(inState(after, 'active')).toEqual({
    ...inState(before, 'next'),
    state: 'active',
    activatedAt: PUBLISHED,
  })
  expect(inState(after, 'retired')).toEqual({
    ...inState(before, 'active'),
    state: 'retired',
    retiredAt: PUBLISHED,
  })
  expect(inState(after, 'next')).toMatchObject({
    createdAt: PUBLISHED,
    algorithm: 'ES256',
    activatedAt: null,
  })
  expect(kids(after, PUBLISHED)).toEqual(expect.arrayContaining(kids(before, PUBLISHED)))
  expect(kids(after, PUBLISHED)).toHaveLength(3)
})

test('the next key signs once it was published for as long as a key set is kept and some more, to the second', () => {
  expect(PUBLISHED_BEFORE_SIGNING_SECONDS).toBeGreaterThan(KEY_SET_MAX_AGE_SECONDS)
  const keys = settled([])
  expect(problem(() => rotated(keys, PUBLISHED - 1))).toBe('next_not_published 1')
  expect(problem(() => rotated(keys, 1000))).toBe(`next_not_published ${PUBLISHED_BEFORE_SIGNING_SECONDS}`)
  expect(states(rotated(keys, PUBLISHED))).toEqual(['ES256 active', 'ES256 next', 'ES256 retired'])
})

test('a forced rotation does not wait', () => {
  expect(states(rotated(settled([]), 1000, true))).toEqual(['ES256 active', 'ES256 next', 'ES256 retired'])
})

test('a change of the algorithm publishes the next key first, signs on with the old one, and turns at the next rotation', () => {
  const before = settled([])
  const changed = settled(before, 'EdDSA', 2000)
  expect(states(changed)).toEqual(['ES256 active', 'ES256 retired', 'EdDSA next'])
  expect(inState(changed, 'active')).toEqual(inState(before, 'active'))
  expect(kids(changed, 2000)).toHaveLength(3)
  const due = 2000 + PUBLISHED_BEFORE_SIGNING_SECONDS
  expect(rotationDueAt(changed, null)).toBe(due)
  const turned = rotated(changed, due)
  expect(inState(turned, 'active').algorithm).toBe('EdDSA')
  expect(inState(turned, 'next').algorithm).toBe('EdDSA')
})

test('a change of the algorithm that is taken back before it turned makes one more next key', () => {
  const back = settled(settled(settled([]), 'EdDSA', 2000), 'ES256', 3000)
  expect(states(back)).toEqual(['ES256 active', 'ES256 next', 'ES256 retired', 'EdDSA retired'])
  expect(inState(back, 'next').createdAt).toBe(3000)
})

test('the key set holds next and active, public members and no other', () => {
  const { keys } = formatKeySet(settled([]), 1000)
  expect(keys.map((key) => Object.keys(key).sort())).toEqual(
    Array.from({ length: 2 }, () => ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']),
  )
  const [okp] = formatKeySet(settled([], 'EdDSA'), 1000).keys
  expect(Object.keys(okp ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
})

test('the key set of HS256 is empty: its keys have no public part', () => {
  expect(formatKeySet(settled([], 'HS256'), 1000)).toEqual({ keys: [] })
})

test('a retired key verifies for the longest token and the skew, and leaves the key set at that very second', () => {
  const after = rotated(settled([]), 2000)
  expect(RETIRED_KEY_SECONDS).toBe(3600 + MAX_CLOCK_SKEW_SECONDS)
  const { kid } = inState(after, 'retired')
  expect(kids(after, 2000 + RETIRED_KEY_SECONDS - 1)).toContain(kid)
  expect(kids(after, 2000 + RETIRED_KEY_SECONDS)).not.toContain(kid)
})

test('the active key lost: it is out of the key set at once, the next one signs, and there is a new next one', () => {
  const before = settled([])
  const { kid } = inState(before, 'active')
  const after = lost(before, kid, 1001)
  expect(inState(after, 'retired')).toMatchObject({ kid, retiredAt: 1001, lostAt: 1001 })
  expect(inState(after, 'active').kid).toBe(inState(before, 'next').kid)
  expect(inState(after, 'active').activatedAt).toBe(1001)
  expect(inState(after, 'next').createdAt).toBe(1001)
  expect(kids(after, 1001)).not.toContain(kid)
})

test('the next key lost: another takes its place, and the active one signs on', () => {
  const before = settled([])
  const { kid } = inState(before, 'next')
  const after = lost(before, kid, 1001)
  expect(inState(after, 'active')).toEqual(inState(before, 'active'))
  expect(inState(after, 'next').createdAt).toBe(1001)
  expect(kids(after, 1001)).not.toContain(kid)
})

test('a retired key lost keeps the time of its retirement, and nothing else changes', () => {
  const before = rotated(settled([]), 2000)
  const { kid } = inState(before, 'retired')
  const change = loseSigningKey(before, kid, at(2500))
  expect(change.insert).toEqual([])
  expect(change.update).toEqual([{ ...inState(before, 'retired'), lostAt: 2500 }])
  const after = applyChange(before, change)
  expect(kids(after, 2500)).toHaveLength(2)
  expect(loseSigningKey(after, kid, at(2600))).toEqual({ insert: [], update: [] })
})

test('a kid that no key has is told without repeating it', () => {
  expect(problem(() => lost(settled([]), 'LEAK', 1000))).toBe('unknown 0')
  expect(new SigningKeyError('unknown').message).not.toContain('LEAK')
})

test('a rotation is due when the active key has signed for the time asked, and not before the next one is known', () => {
  const keys = rotated(settled([]), 5000)
  expect(rotationDueAt(keys, 86_400)).toBe(5000 + 86_400)
  expect(rotationDueAt(keys, 10)).toBe(5000 + PUBLISHED_BEFORE_SIGNING_SECONDS)
  expect(rotationDueAt(keys, null)).toBeNull()
  expect(rotationDueAt([], 10)).toBeNull()
})

test('the active key of a store that did not keep when it began to sign counts from when it was made', () => {
  const old = settled([]).map((key) => ({ ...key, activatedAt: null }))
  expect(rotationDueAt(old, 86_400)).toBe(1000 + 86_400)
})

test('the row of a retired key goes after a month, with the next change', () => {
  const keys = rotated(settled([]), 2000)
  const { kid } = inState(keys, 'retired')
  const removed = (now: number) =>
    rotateSigningKeys(keys, at(now), { forced: true }).remove?.map((key) => key.kid)
  expect(removed(2000 + RETIRED_ROW_SECONDS - 1)).toEqual([])
  expect(removed(2000 + RETIRED_ROW_SECONDS)).toEqual([kid])
})
