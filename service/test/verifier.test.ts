import { randomBytes } from 'node:crypto'
import { ADMIN_TOKEN_PREFIX, ERRORS, KEY_SECRET_PREFIX, VERIFIER_PREFIX } from '@interhuman-auth/protocol'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { hashSecret } from '../src/api-key.ts'
import { authorizeVerifier } from '../src/routes/verifier-credential.ts'
import { newSecret } from '../src/secret-format.ts'
import {
  authenticateVerifier,
  createVerifier,
  isVerifierId,
  newVerifierId,
  revokeVerifier,
  rotateVerifier,
  type Verifier,
} from '../src/verifier.ts'

const work = vi.hoisted(() => ({ steps: [] as string[] }))

// Counts the real work; nothing is replaced.
vi.mock('node:crypto', async (load) => {
  const crypto = await load<typeof import('node:crypto')>()
  return {
    ...crypto,
    hash(...args: Parameters<typeof crypto.hash>) {
      work.steps.push('hash')
      return crypto.hash(...args)
    },
    timingSafeEqual(...args: Parameters<typeof crypto.timingSafeEqual>) {
      work.steps.push('compare')
      return crypto.timingSafeEqual(...args)
    },
  }
})

const NOW = 1_800_000_000
const SECRET = newSecret(VERIFIER_PREFIX, randomBytes)
const SECOND = newSecret(VERIFIER_PREFIX, randomBytes)
const verifier = createVerifier({ verifierId: 'ihvr_1', name: 'guard', secret: SECRET, createdAt: NOW })
const rotated = rotateVerifier(verifier, { secret: SECOND, overlapSeconds: 60, now: NOW })
const refused = expect.objectContaining({ row: ERRORS.invalidCredentials })

const lookups = (stored: Verifier | undefined, now = NOW) => ({
  async findVerifierBySecret(secretHash: Buffer) {
    work.steps.push('look up')
    const held = [stored?.secretHash, stored?.previousSecretHash]
    return held.some((each) => each?.equals(secretHash)) ? stored : undefined
  },
  now: () => now,
})

beforeEach(() => {
  work.steps = []
})

test('the id of a verifier is ihvr_ and 20 base62 characters, and nothing else looks like one', () => {
  const id = newVerifierId(randomBytes)
  expect(id).toMatch(/^ihvr_[0-9A-Za-z]{20}$/)
  expect(isVerifierId(id)).toBe(true)
  for (const text of ['', `${id}0`, `${id}\n`, SECRET, 'ihk_00000000000000000000'])
    expect(isVerifierId(text)).toBe(false)
})

describe('a verifier', () => {
  test('is active from the first, and keeps a hash of its secret and nothing else of it', () => {
    expect(verifier).toMatchObject({ state: 'active', secretHash: hashSecret(SECRET), revision: 0 })
    expect(JSON.stringify(verifier)).not.toContain(SECRET)
  })

  test('that is rotated has two secrets for the overlap, and never three', () => {
    expect(rotated).toMatchObject({
      secretHash: hashSecret(SECOND),
      previousSecretHash: hashSecret(SECRET),
      previousSecretExpiresAt: NOW + 60,
    })
    const again = { secret: newSecret(VERIFIER_PREFIX, randomBytes), overlapSeconds: 60 }
    expect(() => rotateVerifier(rotated, { ...again, now: NOW + 59 })).toThrow(/two secrets/)
    expect(rotateVerifier(rotated, { ...again, now: NOW + 60 }).previousSecretHash).toEqual(
      hashSecret(SECOND),
    )
  })

  test('that is rotated without overlap has its new secret alone', () => {
    const at = { secret: SECOND, overlapSeconds: 0, now: NOW }
    expect(rotateVerifier(rotated, at)).toMatchObject({
      previousSecretHash: null,
      previousSecretExpiresAt: null,
    })
  })

  test('that is revoked stays so', () => {
    const revoked = revokeVerifier(verifier)
    expect(revoked.state).toBe('revoked')
    expect(revokeVerifier(revoked)).toBe(revoked)
    expect(() => rotateVerifier(revoked, { secret: SECOND, overlapSeconds: 0, now: NOW })).toThrow(/for ever/)
  })
})

describe('authenticateVerifier', () => {
  test('takes each secret as long as it lives, and says until when that is', async () => {
    expect(await authenticateVerifier(SECOND, lookups(rotated))).toEqual({
      verifierId: 'ihvr_1',
      secretExpiresAt: null,
      revision: rotated.revision,
    })
    expect(await authenticateVerifier(SECRET, lookups(rotated, NOW + 59))).toEqual({
      verifierId: 'ihvr_1',
      secretExpiresAt: NOW + 60,
      revision: rotated.revision,
    })
    await expect(authenticateVerifier(SECRET, lookups(rotated, NOW + 60))).rejects.toThrow(refused)
  })

  test.each([
    ['unknown', undefined],
    ['revoked', revokeVerifier(verifier)],
    ['ended', rotateVerifier(verifier, { secret: SECOND, overlapSeconds: 0, now: NOW })],
    ['behind its overlap', { ...rotated, previousSecretExpiresAt: NOW }],
  ])('a secret that is %s: the same 401, one hash, one look-up, two comparisons', async (_, stored) => {
    await expect(authenticateVerifier(SECRET, lookups(stored))).rejects.toThrow(refused)
    expect(work.steps).toEqual(['hash', 'look up', 'compare', 'compare'])
  })

  test.each([
    ['an API key', newSecret(KEY_SECRET_PREFIX, randomBytes)],
    ['a token of the operator’s API', newSecret(ADMIN_TOKEN_PREFIX, randomBytes)],
    ['a token', 'eyJhbGciOiJFUzI1NiJ9.e30.LEAK'],
    ['nothing', ''],
  ])('attack 29: %s is none, and is not even looked up', async (_, secret) => {
    await expect(authenticateVerifier(secret, lookups(verifier))).rejects.toThrow(refused)
    expect(work.steps).toEqual([])
  })
})

describe('a request of a verifier', () => {
  const authorize = (authorization?: string) =>
    authorizeVerifier({ headers: authorization === undefined ? {} : { authorization } }, lookups(verifier))

  test('is let in by its bearer', async () => {
    expect(await authorize(`Bearer ${SECRET}`)).toMatchObject({ verifierId: 'ihvr_1' })
    expect(await authorize(`bearer ${SECRET}`)).toMatchObject({ verifierId: 'ihvr_1' })
  })

  test.each([undefined, '', `Basic ${btoa(`LEAK:${SECRET}`)}`, SECRET])(
    'with %j carries none: 401 and a bare challenge (RFC 6750 section 3.1)',
    async (authorization) => {
      await expect(authorize(authorization)).rejects.toMatchObject({
        row: ERRORS.credentialAbsent,
        headers: { 'WWW-Authenticate': 'Bearer' },
      })
    },
  )

  test.each(['Bearer', 'Bearer LEAK', 'Bearer LEAK LEAK', `Bearer ${SECOND}`, `Bearer ${SECRET},LEAK`])(
    'with %j is refused: 401, invalid_token',
    async (authorization) => {
      await expect(authorize(authorization)).rejects.toMatchObject({
        row: ERRORS.invalidCredentials,
        headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
      })
    },
  )

  test('hears of a store that is not there what everybody hears', async () => {
    const broken = { ...lookups(verifier), findVerifierBySecret: () => Promise.reject(new Error('LEAK')) }
    await expect(
      authorizeVerifier({ headers: { authorization: `Bearer ${SECRET}` } }, broken),
    ).rejects.toThrow('LEAK')
  })
})
