import { createSecretKey, randomBytes } from 'node:crypto'
import {
  ALGORITHMS,
  CLIENT_TOKEN_TYPE,
  type ClientTokenCaps,
  checkClientTokenClaims,
  ERRORS,
  MAX_TOKEN_LENGTH,
  STREAM_SCOPE,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { ApiError } from '../src/api-error.ts'
import { hashSecret } from '../src/api-key.ts'
import type { AuditEntry } from '../src/audit.ts'
import type { KeyCredentials } from '../src/authenticate-key.ts'
import {
  createClientTokenSigner,
  issueClientToken,
  revokeClientToken,
  type TokenRevocation,
} from '../src/client-token.ts'
import { newClientTokenId } from '../src/client-token-id.ts'
import type { ClientTokenAsked } from '../src/client-token-request.ts'
import { createJwtSigner } from '../src/jwt-signer.ts'
import { createSigningKey, openSigningKey } from '../src/signing-key.ts'

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

const tokenIdKey = createSecretKey(Buffer.alloc(32, 1))
const NOW = 1_800_000_000
const KEY_ID = 'ihk_00000000000000000000'
const OTHER_ID = 'ihk_11111111111111111111'
const key: KeyCredentials = {
  keyId: KEY_ID,
  scopes: [STREAM_SCOPE],
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
const parts = { keyId: KEY_ID, keySecret: 'LEAK-now' }
const whole = { keyId: undefined, keySecret: 'LEAK-now' }
const asked: ClientTokenAsked = {
  credential: parts,
  scopes: [STREAM_SCOPE],
  expiresInSeconds: 300,
  caps: { maxConcurrent: 1 },
}

/** A store of one key, and what was asked of it and told it. */
function dependencies(stored: KeyCredentials | undefined = key) {
  const seen = {
    lookedUp: [] as string[],
    signed: [] as object[],
    revoked: [] as { revocation: TokenRevocation; audit: AuditEntry }[],
  }
  return {
    seen,
    async findKeyCredentials(keyId: string) {
      seen.lookedUp.push(`id ${keyId}`)
      return stored?.keyId === keyId ? stored : undefined
    },
    async findKeyCredentialsBySecret(secretHash: Buffer) {
      seen.lookedUp.push('secret')
      return stored?.secretHash.equals(secretHash) ? stored : undefined
    },
    signClientToken(request: object) {
      seen.signed.push(request)
      return 'signed'
    },
    async revokeToken(revocation: TokenRevocation, audit: AuditEntry) {
      seen.revoked.push({ revocation, audit })
    },
    tokenIdKey,
    randomBytes,
    admitKey: () => undefined,
    drawQuota: () => {},
    now: () => NOW,
  }
}

beforeEach(() => {
  work.steps = []
})

describe('issueClientToken', () => {
  test.each([
    ['its id and secret', parts],
    ['its secret alone', whole],
  ])('a key that comes as %s gets a token of its generation', async (_, credential) => {
    const from = dependencies()
    const { keyId, issued } = await issueClientToken({ ...asked, credential }, from)
    expect(keyId).toBe(KEY_ID)
    expect(issued).toMatchObject({ token: 'signed', lifetimeSeconds: 300, expiresAt: NOW + 300 })
    expect(from.seen.signed).toEqual([
      {
        keyId: KEY_ID,
        generation: 3,
        scope: STREAM_SCOPE,
        tokenId: issued.tokenId,
        issuedAt: NOW,
        lifetimeSeconds: 300,
        caps: asked.caps,
      },
    ])
    expect(issued.tokenId).toMatch(/^ihct_0{20}_1800000300_/)
  })

  test('lives 60 to 3,600 whole seconds, whatever was asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ noNaN: true }), async (expiresInSeconds) => {
        const { issued } = await issueClientToken({ ...asked, expiresInSeconds }, dependencies())
        expect(Number.isInteger(issued.lifetimeSeconds)).toBe(true)
        expect(issued.lifetimeSeconds).toBe(Math.min(3600, Math.max(60, Math.floor(expiresInSeconds))))
        expect(issued.expiresAt).toBe(NOW + issued.lifetimeSeconds)
      }),
    )
  })

  const CAUSES: Record<string, { stored?: KeyCredentials | undefined; secret?: string }> = {
    'an unknown key': { stored: { ...key, keyId: OTHER_ID, secretHash: hashSecret('LEAK-other') } },
    'a wrong secret': { secret: 'LEAK-wrong' },
    'a disabled key': { stored: { ...key, state: 'disabled' } },
    'a revoked key': { stored: { ...key, state: 'revoked' } },
    'an expired key': { stored: { ...key, expiresAt: NOW } },
    'a token in the place of the secret': { secret: 'eyJ.LEAK.x' },
  }
  describe.each([
    ['its id and secret', parts],
    ['its secret alone', whole],
  ])('with %s', (_what, credential) => {
    test.each(Object.entries(CAUSES))(
      '%s: the same 401, one look-up, one hash, two comparisons, and nothing is signed or revoked',
      async (_cause, { stored = key, secret = 'LEAK-now' }) => {
        const sent = { ...credential, keySecret: secret }
        for (const attempt of [
          (from: ReturnType<typeof dependencies>) => issueClientToken({ ...asked, credential: sent }, from),
          (from: ReturnType<typeof dependencies>) =>
            revokeClientToken({ credential: sent, tokenId: 'LEAK' }, '192.0.2.1', from),
        ]) {
          work.steps = []
          const from = dependencies(stored)
          const error: unknown = await attempt(from).catch((thrown: unknown) => thrown)
          expect(error).toBeInstanceOf(ApiError)
          expect(error).toMatchObject({ row: ERRORS.invalidCredentials, problems: {}, headers: {} })
          expect(work.steps).toEqual(['hash', 'compare', 'compare'])
          expect(from.seen).toMatchObject({ lookedUp: [expect.anything()], signed: [], revoked: [] })
        }
      },
    )
  })

  test('a scope that the key lacks is 403, and nothing is signed', async () => {
    const from = dependencies()
    const request = { ...asked, scopes: [STREAM_SCOPE, UPLOAD_SCOPE] as const }
    await expect(issueClientToken(request, from)).rejects.toMatchObject({ row: ERRORS.insufficientScope })
    expect(from.seen.signed).toEqual([])
  })
})

describe('createClientTokenSigner', () => {
  const parties = { issuer: `https://${'i'.repeat(90)}.test`, audience: `https://${'a'.repeat(90)}.test` }
  const signer = (algorithm: (typeof ALGORITHMS)[number], context = parties) => {
    const masterKey = Buffer.alloc(32)
    const signingKey = createSigningKey('active', { algorithm, masterKey, now: NOW, randomBytes })
    return createClientTokenSigner(
      createJwtSigner(openSigningKey(signingKey, masterKey), CLIENT_TOKEN_TYPE),
      context,
    )
  }
  const sign = async (algorithm: (typeof ALGORITHMS)[number], caps: ClientTokenCaps) => {
    const from = {
      ...dependencies({ ...key, scopes: [UPLOAD_SCOPE, STREAM_SCOPE] }),
      signClientToken: signer(algorithm),
    }
    const scopes = [UPLOAD_SCOPE, STREAM_SCOPE] as const
    return (await issueClientToken({ ...asked, scopes, expiresInSeconds: 3600, caps }, from)).issued.token
  }

  test.each(ALGORITHMS)('a token of %s is ct+jwt and says what it was issued for', async (algorithm) => {
    const caps = { maxConcurrent: 2, maxBytes: 5 }
    const [header = '', payload = ''] = (await sign(algorithm, caps)).split('.')
    const decode = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
    expect(decode(header)).toMatchObject({ alg: algorithm, typ: 'ct+jwt' })
    const expected = { ...parties, now: NOW, clockSkewSeconds: 0 }
    expect(checkClientTokenClaims(decode(payload), expected)).toMatchObject({ caps, claims: { gen: 3 } })
  })

  test('the largest token that can be asked for is one that a guard still looks at: 4,096 characters', async () => {
    const most = Number.MAX_SAFE_INTEGER
    const allowedOrigins = Array.from({ length: 10 }, (_, index) => `https://${index}`.padEnd(200, 'a'))
    const caps = { maxDurationSeconds: most, maxBytes: most, maxConcurrent: most, maxVideoSeconds: most }
    expect((await sign('ES256', { ...caps, allowedOrigins })).length).toBeLessThanOrEqual(4096)
  })

  test('whatever the issuer and the origins, a token is one that a guard looks at, or it is 422', async () => {
    const outcomes = new Set<string>()
    for (const length of [30, 470, 1000]) {
      const issuer = `https://${'i'.repeat(length)}`
      const signClientToken = signer('ES256', { issuer, audience: issuer })
      for (let count = 1; count <= 10; count += 1) {
        const allowedOrigins = Array.from({ length: count }, (_, index) =>
          `https://${index}`.padEnd(200, 'a'),
        )
        const request = { ...asked, caps: { maxConcurrent: 1, allowedOrigins } }
        try {
          const { issued } = await issueClientToken(request, { ...dependencies(), signClientToken })
          expect(issued.token.length).toBeLessThanOrEqual(MAX_TOKEN_LENGTH)
          outcomes.add('issued')
        } catch (error) {
          expect(error).toMatchObject({
            row: ERRORS.fieldInvalid,
            problems: { allowed_origins: expect.stringContaining('must be fewer or shorter') },
          })
          outcomes.add('refused')
        }
      }
    }
    expect(outcomes).toEqual(new Set(['issued', 'refused']))
  })
})

describe('revokeClientToken', () => {
  const idOf = (keyId: string, expiresAt: number) =>
    newClientTokenId({ keyId, expiresAt }, { tokenIdKey, randomBytes })
  const revoke = async (tokenId: string | undefined) => {
    const from = dependencies()
    expect(await revokeClientToken({ credential: parts, tokenId }, '192.0.2.1', from)).toBe(KEY_ID)
    return from.seen.revoked
  }

  test('is kept until no guard takes the token any more: its end and the largest skew', async () => {
    const tokenId = idOf(KEY_ID, NOW + 300)
    expect(await revoke(tokenId)).toEqual([
      {
        revocation: { tokenId, revokedAt: NOW, expiresAt: NOW + 360 },
        audit: {
          at: NOW,
          actor: `key:${KEY_ID}`,
          action: 'client_token.revoke',
          subject: tokenId,
          detail: { key_id: KEY_ID, expires_at: NOW + 300 },
          origin: '192.0.2.1',
          before: null,
          after: null,
        },
      },
    ])
  })

  test('of a token that has ended but may still pass a guard’s skew counts, to the second', async () => {
    expect(await revoke(idOf(KEY_ID, NOW - 59))).toHaveLength(1)
    expect(await revoke(idOf(KEY_ID, NOW - 60))).toEqual([])
  })

  test('of an id that was made up writes nothing: no row, no audit', async () => {
    const madeUp = newClientTokenId(
      { keyId: KEY_ID, expiresAt: NOW + 300 },
      { tokenIdKey: createSecretKey(Buffer.alloc(32, 2)), randomBytes },
    )
    const issued = idOf(KEY_ID, NOW + 300)
    const longer = issued.replace(`_${NOW + 300}_`, `_${NOW + 3000}_`)
    for (const tokenId of [madeUp, longer, issued.slice(0, -25)]) expect(await revoke(tokenId)).toEqual([])
  })

  test('attack 30: leaves the tokens of other keys alone, and what is none', async () => {
    for (const tokenId of [idOf(OTHER_ID, NOW + 300), undefined, '', 'LEAK', KEY_ID])
      expect(await revoke(tokenId)).toEqual([])
  })
})
