import { beforeEach, expect, test } from 'vitest'
import type { Change } from '../src/change.ts'
import type { ChangeListener } from '../src/change-watch.ts'
import { type CheckLookUps, rememberChecks } from '../src/remember-checks.ts'
import { StoreUnavailableError } from '../src/store/store-error.ts'
import { createVerifier, revokeVerifier, type Verifier } from '../src/verifier.ts'

const ACTIVE = createVerifier({ verifierId: 'ihvr_1', name: 'n', secret: 'LEAK', createdAt: 0 })
const HASH = ACTIVE.secretHash

let verifier: Verifier | undefined
let revoked: string[]
let reads: number
/** Set, a look-up answers what it saw when it began once it is let go. */
let held: (() => void)[] | undefined
let stale: boolean
let tell: (kind: Change['kind'], subject: string, reset?: boolean) => void
let checks: CheckLookUps

async function read<T>(see: () => T): Promise<T> {
  reads += 1
  const seen = see()
  if (held !== undefined) await new Promise<void>((resolve) => held?.push(resolve))
  return seen
}

beforeEach(() => {
  verifier = ACTIVE
  revoked = []
  reads = 0
  held = undefined
  stale = false
  const listeners: ChangeListener[] = []
  tell = (kind, subject, reset = false) => {
    const change = { revision: 1, kind, subject, generation: null, at: 0, expiresAt: 1 }
    for (const listener of listeners) listener([change], reset)
  }
  const store: CheckLookUps = {
    findVerifierBySecret: () => read(() => verifier),
    isTokenRevoked: (tokenId) => read(() => revoked.includes(tokenId)),
  }
  checks = rememberChecks(store, {
    subscribe(listener) {
      listeners.push(listener)
      return () => {}
    },
    isStale: () => stale,
    async freshen() {
      throw new StoreUnavailableError('not reached')
    },
  })
})

test('a verifier and a token that is not revoked are looked up once', async () => {
  for (let time = 0; time < 3; time += 1) {
    expect(await checks.findVerifierBySecret(HASH)).toBe(ACTIVE)
    expect(await checks.isTokenRevoked('a')).toBe(false)
  }
  expect(reads).toBe(2)
})

test('that there is no such verifier, and that a token is revoked, is looked up each time', async () => {
  verifier = undefined
  revoked = ['a']
  for (let time = 0; time < 2; time += 1) {
    expect(await checks.findVerifierBySecret(HASH)).toBeUndefined()
    expect(await checks.isTokenRevoked('a')).toBe(true)
  }
  expect(reads).toBe(4)
})

test('a change ends what was remembered, of its own kind only', async () => {
  await checks.findVerifierBySecret(HASH)
  await checks.isTokenRevoked('a')
  await checks.isTokenRevoked('b')
  verifier = revokeVerifier(ACTIVE)
  revoked = ['a']
  tell('verifier', 'ihvr_1')
  tell('token', 'a')
  tell('key', 'b')
  reads = 0
  expect((await checks.findVerifierBySecret(HASH))?.state).toBe('revoked')
  expect(await checks.isTokenRevoked('a')).toBe(true)
  expect(await checks.isTokenRevoked('b')).toBe(false)
  expect(reads).toBe(2)
  tell('signing-keys', '', true)
  await checks.isTokenRevoked('b')
  expect(reads).toBe(3)
})

test('attack 31: of a thousand look-ups that began before a revocation none answers or remembers what was before', async () => {
  held = []
  const asked = Array.from({ length: 1000 }, () =>
    Promise.all([checks.isTokenRevoked('a'), checks.findVerifierBySecret(HASH)]),
  )
  await Promise.resolve()
  const waiting = held
  held = undefined
  expect(waiting).toHaveLength(2000)
  revoked = ['a']
  verifier = revokeVerifier(ACTIVE)
  tell('token', 'a')
  tell('verifier', 'ihvr_1')
  for (const go of waiting) go()
  for (const [tokenRevoked, found] of await Promise.all(asked)) {
    expect(tokenRevoked).toBe(true)
    expect(found?.state).toBe('revoked')
  }
  expect(await checks.isTokenRevoked('a')).toBe(true)
})

test('nothing is answered once the database has not been seen for too long', async () => {
  await checks.findVerifierBySecret(HASH)
  await checks.isTokenRevoked('a')
  stale = true
  await expect(checks.findVerifierBySecret(HASH)).rejects.toThrow(StoreUnavailableError)
  await expect(checks.isTokenRevoked('a')).rejects.toThrow(StoreUnavailableError)
})

test('where changes outrun every look-up the store counts as away', async () => {
  const store: CheckLookUps = {
    findVerifierBySecret: async () => ACTIVE,
    async isTokenRevoked() {
      tell('token', 'b')
      return false
    },
  }
  const listeners: ChangeListener[] = []
  tell = (kind, subject) => {
    const change = { revision: 1, kind, subject, generation: null, at: 0, expiresAt: 1 }
    for (const listener of listeners) listener([change], false)
  }
  const outrun = rememberChecks(store, {
    subscribe(listener) {
      listeners.push(listener)
      return () => {}
    },
    isStale: () => false,
    freshen: async () => {},
  })
  await expect(outrun.isTokenRevoked('a')).rejects.toThrow(StoreUnavailableError)
})
