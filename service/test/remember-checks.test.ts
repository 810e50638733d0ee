import { beforeEach, expect, test } from 'vitest'
import type { Change } from '../src/change.ts'
import type { ChangeListener } from '../src/change-watch.ts'
import { type CheckLookUps, rememberChecks } from '../src/remember-checks.ts'
import { StoreUnavailableError } from '../src/store/store-error.ts'
import { createVerifier, revokeVerifier, type Verifier } from '../src/verifier.ts'

const ACTIVE = createVerifier({ verifierId: 'ihvr_1', name: 'n', secret: 'LEAK', createdAt: 0 })
const HASH = ACTIVE.secretHash

let verifier: Verifier | undefined
let reads: number
/** Set, a look-up answers what it saw when it began once it is let go. */
let held: (() => void)[] | undefined
let stale: boolean
/** Called while a look-up is under way. */
let meanwhile: () => void
let now: number
let tell: (kind: Change['kind'], subject: string, options?: { reset?: boolean; expiresAt?: number }) => void
let checks: CheckLookUps

beforeEach(() => {
  verifier = ACTIVE
  reads = 0
  held = undefined
  stale = false
  meanwhile = () => {}
  now = 100
  const listeners: ChangeListener[] = []
  tell = (kind, subject, { reset = false, expiresAt = 1000 } = {}) => {
    const change = { revision: 1, kind, subject, generation: null, at: now, expiresAt }
    for (const listener of listeners) listener([change], reset)
  }
  const store = {
    async findVerifierBySecret() {
      reads += 1
      const seen = verifier
      meanwhile()
      if (held !== undefined) await new Promise<void>((resolve) => held?.push(resolve))
      return seen
    },
  }
  checks = rememberChecks(store, {
    subscribe(listener) {
      listeners.push(listener)
      return () => {}
    },
    nowMs: () => now * 1000,
    isStale: () => stale,
    async freshen() {
      throw new StoreUnavailableError('not reached')
    },
  })
})

test('a verifier is looked up once', async () => {
  for (let time = 0; time < 3; time += 1) expect(await checks.findVerifierBySecret(HASH)).toBe(ACTIVE)
  expect(reads).toBe(1)
})

test('that there is no such verifier is looked up each time', async () => {
  verifier = undefined
  for (let time = 0; time < 2; time += 1) expect(await checks.findVerifierBySecret(HASH)).toBeUndefined()
  expect(reads).toBe(2)
})

test('a change of a verifier ends what was remembered, a change of another kind does not', async () => {
  await checks.findVerifierBySecret(HASH)
  tell('key', 'b')
  await checks.findVerifierBySecret(HASH)
  expect(reads).toBe(1)
  verifier = revokeVerifier(ACTIVE)
  tell('verifier', 'ihvr_1')
  expect((await checks.findVerifierBySecret(HASH))?.state).toBe('revoked')
  tell('signing-keys', '', { reset: true })
  await checks.findVerifierBySecret(HASH)
  expect(reads).toBe(3)
})

test('a token is revoked from the moment in which its change is told of', async () => {
  expect(await checks.isTokenRevoked('a')).toBe(false)
  tell('token', 'a')
  tell('key', 'b')
  expect(await checks.isTokenRevoked('a')).toBe(true)
  expect(await checks.isTokenRevoked('b')).toBe(false)
})

test('of another store no revocation counts, and of this one all that are told of at once', async () => {
  tell('token', 'a')
  tell('token', 'b', { reset: true })
  expect(await checks.isTokenRevoked('a')).toBe(false)
  expect(await checks.isTokenRevoked('b')).toBe(true)
})

test('a revocation is kept longer than its token could live, and the clock of the database be set ahead', async () => {
  tell('token', 'a', { expiresAt: 200 })
  tell('token', 'b', { expiresAt: 300 })
  now = 199 + 7200
  tell('key', 'k')
  expect(await checks.isTokenRevoked('a')).toBe(true)
  now = 200 + 7200
  tell('key', 'k')
  expect(await checks.isTokenRevoked('a')).toBe(false)
  expect(await checks.isTokenRevoked('b')).toBe(true)
})

test('attack 31: of a thousand look-ups that began before a revocation none answers or remembers what was before', async () => {
  held = []
  const asked = Array.from({ length: 1000 }, () => checks.findVerifierBySecret(HASH))
  await Promise.resolve()
  const waiting = held
  held = undefined
  expect(waiting).toHaveLength(1000)
  verifier = revokeVerifier(ACTIVE)
  tell('verifier', 'ihvr_1')
  for (const go of waiting) go()
  for (const found of await Promise.all(asked)) expect(found?.state).toBe('revoked')
  expect((await checks.findVerifierBySecret(HASH))?.state).toBe('revoked')
})

test('nothing is answered once the database has not been seen for too long', async () => {
  await checks.findVerifierBySecret(HASH)
  tell('token', 'a')
  stale = true
  await expect(checks.findVerifierBySecret(HASH)).rejects.toThrow(StoreUnavailableError)
  await expect(checks.isTokenRevoked('a')).rejects.toThrow(StoreUnavailableError)
})

test('where changes outrun every look-up the store counts as away', async () => {
  meanwhile = () => tell('verifier', 'ihvr_1')
  await expect(checks.findVerifierBySecret(HASH)).rejects.toThrow(StoreUnavailableError)
})
