import { ERRORS, type Scope, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../src/api-error.ts'
import { hashSecret } from '../src/api-key.ts'
import type { KeyCredentials } from '../src/authenticate-key.ts'
import { type AccessTokenRequest, issueToken } from '../src/issue-token.ts'

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
const key: KeyCredentials = {
  keyId: 'ihk_00000000000000000000',
  scopes: [UPLOAD_SCOPE],
  state: 'active',
  generation: 3,
  expiresAt: null,
  secretHash: hashSecret('LEAK-now'),
  previousSecretHash: null,
  previousSecretExpiresAt: null,
  direct: false,
  revision: 0,
  secretNumber: 1,
  previousSecretNumber: null,
}
const rotated: KeyCredentials = {
  ...key,
  previousSecretHash: hashSecret('LEAK-before'),
  previousSecretExpiresAt: NOW + 60,
}

interface Attempt {
  readonly stored?: KeyCredentials | undefined
  readonly secret?: string
  readonly scopes?: readonly Scope[]
  readonly now?: number
}

async function attempt(options: Attempt) {
  const signed: AccessTokenRequest[] = []
  const lookedUp: string[] = []
  const stored = 'stored' in options ? options.stored : key
  const outcome = await issueToken(
    { keyId: key.keyId, keySecret: options.secret ?? 'LEAK-now', scopes: options.scopes ?? [UPLOAD_SCOPE] },
    {
      async findKeyCredentials(keyId) {
        lookedUp.push(keyId)
        return stored
      },
      signAccessToken(request) {
        signed.push(request)
        return 'signed'
      },
      admitKey: () => undefined,
      drawQuota: () => {},
      now: () => options.now ?? NOW,
    },
  ).catch((error: unknown) => error)
  return { outcome, signed, lookedUp }
}

beforeEach(() => {
  work.steps = []
})

test('a key that authenticates and holds the scope gets a token of its generation', async () => {
  const { outcome, signed } = await attempt({})
  expect(outcome).toEqual({ accessToken: 'signed', scopes: [UPLOAD_SCOPE] })
  expect(signed).toEqual([{ keyId: key.keyId, generation: 3, scope: UPLOAD_SCOPE, issuedAt: NOW }])
})

test('the scope stands in the order asked', async () => {
  const both: KeyCredentials = { ...key, scopes: [UPLOAD_SCOPE, STREAM_SCOPE] }
  const { signed } = await attempt({ stored: both, scopes: [STREAM_SCOPE, UPLOAD_SCOPE] })
  expect(signed[0]?.scope).toBe(`${STREAM_SCOPE} ${UPLOAD_SCOPE}`)
})

const CAUSES: Record<string, Attempt> = {
  'an unknown key': { stored: undefined },
  'a wrong secret': { secret: 'LEAK-wrong' },
  'a secret whose last character is wrong': { secret: 'LEAK-noW' },
  'a longer secret': { secret: 'LEAK-now ' },
  'a disabled key': { stored: { ...key, state: 'disabled' } },
  'a revoked key': { stored: { ...key, state: 'revoked' } },
  'an expired key': { stored: { ...key, expiresAt: NOW } },
  'a secret that a rotation has ended': { stored: rotated, secret: 'LEAK-before', now: NOW + 60 },
  'a revoked key with a wrong secret': { stored: { ...key, state: 'revoked' }, secret: 'LEAK-wrong' },
  'a wrong secret and a scope that is not held': { secret: 'LEAK-wrong', scopes: [STREAM_SCOPE] },
}

test.each(Object.entries(CAUSES))(
  '%s: the same 401, one look-up, one hash, two comparisons',
  async (_, cause) => {
    const { outcome, signed, lookedUp } = await attempt(cause)
    expect(outcome).toBeInstanceOf(ApiError)
    expect(outcome).toMatchObject({ row: ERRORS.invalidCredentials, problems: {}, headers: {} })
    expect(work.steps).toEqual(['hash', 'compare', 'compare'])
    expect(lookedUp).toEqual([key.keyId])
    expect(signed).toEqual([])
  },
)

test('a success costs the same hash work', async () => {
  await attempt({})
  expect(work.steps).toEqual(['hash', 'compare', 'compare'])
})

test('within the overlap both secrets authenticate, to the last second', async () => {
  for (const secret of ['LEAK-now', 'LEAK-before']) {
    const { outcome } = await attempt({ stored: rotated, secret, now: NOW + 59 })
    expect(outcome).toMatchObject({ accessToken: 'signed' })
  }
})

test('a key lives until the second of its expiry', async () => {
  const { outcome } = await attempt({ stored: { ...key, expiresAt: NOW + 1 } })
  expect(outcome).toMatchObject({ accessToken: 'signed' })
})

test('the stand-in for what does not exist can never authenticate', async () => {
  const zeros = { ...key, secretHash: Buffer.alloc(32), state: 'revoked' } as const
  for (const stored of [undefined, zeros]) {
    const { outcome } = await attempt({ stored, secret: '\0'.repeat(32) })
    expect(outcome).toMatchObject({ row: ERRORS.invalidCredentials })
  }
})

test('a scope that the key lacks is 403, and the whole request is refused', async () => {
  const { outcome, signed } = await attempt({ scopes: [UPLOAD_SCOPE, STREAM_SCOPE] })
  expect(outcome).toMatchObject({ row: ERRORS.insufficientScope })
  expect(signed).toEqual([])
})

test('no error holds what the caller sent', async () => {
  for (const cause of Object.values(CAUSES)) {
    const { outcome } = await attempt(cause)
    expect(`${String(outcome)}${JSON.stringify(outcome)}`).not.toContain('LEAK')
  }
})
