import { randomBytes } from 'node:crypto'
import { type Algorithm, MAX_CLIENT_TOKEN_LIFETIME_SECONDS } from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SigningKey } from '../src/signing-key.ts'
import {
  formatKeySet,
  loseSigningKey,
  PUBLISHED_BEFORE_SIGNING_SECONDS,
  rotateSigningKeys,
  rotationDueAt,
  SigningKeyError,
  settleSigningKeys,
  verifies,
} from '../src/signing-keys.ts'
import { applyChange } from './support/apply-signing-key-change.ts'

const masterKey = randomBytes(32)

/** What can happen to a set of signing keys, and how long after what happened before. */
const step = fc.record({
  afterSeconds: fc.oneof(fc.constant(0), fc.integer({ max: 2000, min: 1 }), fc.constant(3_000_000)),
  what: fc.oneof(
    fc.record({ kind: fc.constant('rotate' as const), forced: fc.boolean() }),
    fc.record({ kind: fc.constant('rotate if due' as const) }),
    fc.record({ kind: fc.constant('lose' as const), which: fc.nat({ max: 20 }) }),
    // Not HS256: its keys are in no key set, which is looked at here.
    fc.record({
      kind: fc.constant('start' as const),
      algorithm: fc.constantFrom<Algorithm>('ES256', 'EdDSA'),
    }),
  ),
})

type What = typeof step extends fc.Arbitrary<infer T> ? (T extends { what: infer W } ? W : never) : never

function change(keys: readonly SigningKey[], what: What, now: number): SigningKey[] {
  const context = { masterKey, now, randomBytes }
  switch (what.kind) {
    case 'rotate':
      return applyChange(keys, rotateSigningKeys(keys, context, what))
    case 'rotate if due': {
      const dueAt = rotationDueAt(keys, 86_400)
      return dueAt === null || now < dueAt
        ? [...keys]
        : applyChange(keys, rotateSigningKeys(keys, context, { forced: false }))
    }
    case 'lose':
      return applyChange(keys, loseSigningKey(keys, keys[what.which % keys.length]?.kid ?? '', context))
    case 'start':
      return applyChange(keys, settleSigningKeys(keys, { ...context, algorithm: what.algorithm }))
  }
}

function inState(keys: readonly SigningKey[], state: SigningKey['state']): SigningKey[] {
  return keys.filter((key) => key.state === state)
}

test('whatever happens to the signing keys, one signs, one is next, and each token verifies until its end unless its key is lost', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      let now = 1_800_000_000
      let keys = change([], { kind: 'start', algorithm: 'ES256' }, now)
      /** Tokens of the longest life, one a moment: the key that signed, and its end. */
      const tokens: { kid: string; expiresAt: number }[] = []
      for (const { afterSeconds, what } of steps) {
        now += afterSeconds
        tokens.push({
          kid: inState(keys, 'active')[0]?.kid ?? '',
          expiresAt: now + MAX_CLIENT_TOKEN_LIFETIME_SECONDS,
        })
        const before = keys
        try {
          keys = change(keys, what, now)
        } catch (error) {
          if (!(error instanceof SigningKeyError)) throw error
        }
        expectSettled(keys, now)
        expectInOrder(before, keys, what, now)
        for (const { kid, expiresAt } of tokens.filter((token) => now < token.expiresAt)) {
          const lost = keys.some((key) => key.kid === kid && key.lostAt !== null)
          expect(formatKeySet(keys, now).keys.some((key) => key.kid === kid)).toBe(!lost)
          expect(keys.some((key) => key.kid === kid && verifies(key, expiresAt - 1))).toBe(!lost)
        }
      }
    }),
    { numRuns: 60 },
  )
})

function expectSettled(keys: readonly SigningKey[], now: number): void {
  expect([inState(keys, 'active').length, inState(keys, 'next').length]).toEqual([1, 1])
  expect(new Set(keys.map((key) => key.kid)).size).toBe(keys.length)
  for (const key of keys) {
    expect(key.retiredAt !== null).toBe(key.state === 'retired')
    if (key.state !== 'retired') expect(key.lostAt).toBeNull()
    if (key.state === 'next') expect(key.activatedAt).toBeNull()
    if (key.lostAt !== null) expect(verifies(key, now)).toBe(false)
  }
}

/** A key signs only once it was published long enough, but where somebody was in a hurry; and never again once it is retired. */
function expectInOrder(
  before: readonly SigningKey[],
  after: readonly SigningKey[],
  what: What,
  now: number,
): void {
  const [active] = inState(after, 'active')
  const was = before.find((key) => key.kid === active?.kid)
  expect(was?.state).not.toBe('retired')
  const hurried = what.kind === 'lose' || (what.kind === 'rotate' && what.forced)
  if (was?.state === 'next' && !hurried)
    expect(was.createdAt + PUBLISHED_BEFORE_SIGNING_SECONDS).toBeLessThanOrEqual(now)
}
