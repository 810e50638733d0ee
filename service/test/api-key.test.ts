import { createHash } from 'node:crypto'
import { SCOPES, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import {
  type ApiKey,
  createApiKey,
  disableApiKey,
  enableApiKey,
  hashSecret,
  isAlive,
  KEY_STATES,
  KeyChangeError,
  type KeyState,
  MAX_OVERLAP_SECONDS,
  revokeApiKey,
  rotateApiKey,
} from '../src/api-key.ts'

const created = createApiKey({
  keyId: 'ihk_00000000000000000000',
  name: 'video worker',
  scopes: [UPLOAD_SCOPE],
  secret: 'LEAK-first',
  createdAt: 1000,
  expiresAt: null,
})
const inState = (state: KeyState): ApiKey => ({ ...created, state, generation: 5 })

test('a new key is active, of generation 1, not direct, and keeps the hash of its secret only', () => {
  expect(created).toEqual({
    keyId: 'ihk_00000000000000000000',
    name: 'video worker',
    scopes: [UPLOAD_SCOPE],
    state: 'active',
    generation: 1,
    direct: false,
    createdAt: 1000,
    expiresAt: null,
    secret: { hash: createHash('sha256').update('LEAK-first').digest(), number: 1, expiresAt: null },
    previousSecret: null,
    revision: 0,
    lastUsedAt: null,
  })
  expect(JSON.stringify(created)).not.toContain('LEAK')
})

test('a scope list is what was asked, no more', () => {
  expect(createApiKey({ ...created, scopes: SCOPES, secret: 'LEAK' }).scopes).toEqual(SCOPES)
})

/** Every state × change: the state after it and by how much the generation rises, or the problem. */
const TRANSITIONS = [
  ['active', 'disable', 'disabled', 1],
  ['active', 'enable', 'active', 0],
  ['active', 'revoke', 'revoked', 1],
  ['disabled', 'disable', 'disabled', 0],
  ['disabled', 'enable', 'active', 0],
  ['disabled', 'revoke', 'revoked', 1],
  ['revoked', 'revoke', 'revoked', 0],
] as const
const CHANGES = { disable: disableApiKey, enable: enableApiKey, revoke: revokeApiKey }

test.each(TRANSITIONS)('%s, %s → %s, and the generation rises by %i', (from, change, to, rise) => {
  const before = inState(from)
  const after = CHANGES[change](before)
  expect(after).toEqual({ ...before, state: to, generation: 5 + rise })
  if (from === to) expect(after).toBe(before)
})

test.each(['disable', 'enable'] as const)('revoked is for ever: %s is refused', (change) => {
  expect(() => CHANGES[change](inState('revoked'))).toThrow(expect.objectContaining({ problem: 'revoked' }))
})

test('every state has a row in the table above, so that a new one cannot be forgotten', () => {
  for (const state of KEY_STATES) expect(TRANSITIONS.some(([from]) => from === state)).toBe(true)
})

test('tokens from before a disabling stay dead after the enabling: the generation never falls', () => {
  const again = enableApiKey(disableApiKey(created))
  expect(again.state).toBe('active')
  expect(again.generation).toBe(2)
})

test('a rotation makes a second secret and lets the first one live on for the overlap, tokens included', () => {
  const rotated = rotateApiKey(created, { secret: 'LEAK-second', overlapSeconds: 60, now: 2000 })
  expect(rotated).toEqual({
    ...created,
    secret: { hash: hashSecret('LEAK-second'), number: 2, expiresAt: null },
    previousSecret: { hash: hashSecret('LEAK-first'), number: 1, expiresAt: 2060 },
  })
})

test('a rotation without overlap ends the old secret and every token at once', () => {
  const rotated = rotateApiKey(created, { secret: 'LEAK-second', overlapSeconds: 0, now: 2000 })
  expect(rotated.previousSecret).toBeNull()
  expect(rotated.generation).toBe(2)
})

test('two living secrets are the most: a third within the overlap is refused, and comes when the older has ended', () => {
  const rotated = rotateApiKey(created, { secret: 'LEAK-second', overlapSeconds: 60, now: 2000 })
  const third = { secret: 'LEAK-third', overlapSeconds: MAX_OVERLAP_SECONDS }
  expect(() => rotateApiKey(rotated, { ...third, now: 2059 })).toThrow(
    expect.objectContaining({ problem: 'two_secrets_live' }),
  )
  const later = rotateApiKey(rotated, { ...third, now: 2060 })
  expect(later.previousSecret?.hash).toEqual(hashSecret('LEAK-second'))
})

test('a rotation without overlap leaves one secret whatever lived before', () => {
  const rotated = rotateApiKey(created, { secret: 'LEAK-second', overlapSeconds: 60, now: 2000 })
  const ended = rotateApiKey(rotated, { secret: 'LEAK-third', overlapSeconds: 0, now: 2001 })
  expect(ended).toMatchObject({
    secret: { hash: hashSecret('LEAK-third') },
    previousSecret: null,
    generation: 2,
  })
})

test('a disabled key can be rotated and stays disabled; a revoked one cannot', () => {
  const rotation = { secret: 'LEAK-second', overlapSeconds: 60, now: 2000 }
  expect(rotateApiKey(inState('disabled'), rotation).state).toBe('disabled')
  expect(() => rotateApiKey(inState('revoked'), rotation)).toThrow(KeyChangeError)
})

test('what ends at a second is dead in that very second', () => {
  expect(isAlive(null, 1e12)).toBe(true)
  expect(isAlive(100, 99)).toBe(true)
  expect(isAlive(100, 100)).toBe(false)
})

test('no change touches the key that it was given', () => {
  const frozen = Object.freeze({ ...created })
  for (const change of Object.values(CHANGES)) change(frozen)
  rotateApiKey(frozen, { secret: 'LEAK-second', overlapSeconds: 0, now: 1 })
  expect(frozen).toEqual(created)
})
