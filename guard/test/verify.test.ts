import type { KeyObject } from 'node:crypto'
import { inspect } from 'node:util'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createVerifier } from '../src/verify.ts'
import {
  claims,
  compact,
  edDsa,
  es256,
  hs256,
  ISSUER,
  NOW,
  type SigningFixture,
  sourceOf,
} from './support/signing.ts'
import { expectRefused, key, SKEW, verifier } from './support/verifying.ts'

describe('createVerifier', () => {
  it.each([
    ['ES256', key],
    ['EdDSA', edDsa()],
    ['HS256', hs256()],
  ] as const)('accepts an access token that jose made with %s', async (alg, fixture: SigningFixture) => {
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg, typ: 'at+jwt', kid: fixture.kid })
      .sign(fixture.privateKey as KeyObject)
    const verify = verifier({ keys: sourceOf(fixture) })
    expect(await verify(token)).toEqual({ claims: claims() })
  })

  it('gives the claims of the contract and no others', async () => {
    const verification = await verifier()(compact(key, claims({ admin: true })))
    expect(verification).toEqual({ claims: claims() })
  })

  it('takes the issuer for the audience unless told', async () => {
    const token = compact(key, claims({ aud: 'https://video.example.com' }))
    await expectRefused(token, 'claims_audience')
    const verify = verifier({ audience: 'https://video.example.com' })
    expect(await verify(token)).toHaveProperty('claims')
  })

  it('refuses a clock skew of more than 60 s, and an empty issuer or audience, when it is made', () => {
    for (const clockSkewSeconds of [60.001, 61, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => verifier({ clockSkewSeconds })).toThrow(TypeError)
    expect(() => verifier({ clockSkewSeconds: 60 })).not.toThrow()
    expect(() => verifier({ clockSkewSeconds: 0 })).not.toThrow()
    expect(() => verifier({ issuer: '' })).toThrow(TypeError)
    expect(() => verifier({ audience: '' })).toThrow(TypeError)
  })

  it('forgives 10 s unless told', async () => {
    const at = (seconds: number) =>
      createVerifier({ issuer: ISSUER, keys: sourceOf(key), now: () => seconds * 1000 })
    expect(await at(NOW - 10)(compact(key))).toHaveProperty('claims')
    await expectRefused(compact(key), 'claims_not_yet_valid', at(NOW - 11))
  })

  it('says that it cannot tell when the keys cannot be had', async () => {
    const keys = { find: async () => ({ missing: 'unavailable', detail: 'why' }) as const }
    const refusal = { error: 'unavailable', reason: 'key_unavailable', detail: 'why' }
    expect(await verifier({ keys })(compact(key))).toEqual({ refusal })
  })

  it('puts nothing of a token into a refusal', async () => {
    const token = compact(key, claims({ iss: 'LEAK' }), { 'x-LEAK': 'LEAK' })
    const said = inspect(await verifier()(token), { depth: 8, showHidden: true })
    expect(said).not.toContain('LEAK')
    for (const part of token.split('.')) expect(said).not.toContain(part)
  })
})

describe('attacks on the claims', () => {
  it.each([
    ['another one', 'https://stream.example.com'],
    ['another case', 'https://AUTH.example.com'],
    ['a trailing slash', `${ISSUER}/`],
    ['a list with the right one', [ISSUER]],
    ['a prefix', ISSUER.slice(0, -1)],
  ])('attack 8: the audience is compared letter for letter: %s', async (_what, aud) => {
    const reason = typeof aud === 'string' ? 'claims_audience' : 'claims_malformed'
    await expectRefused(compact(key, claims({ aud })), reason)
  })

  it.each([
    ['another environment', 'https://auth.staging.example.com'],
    ['a trailing slash', `${ISSUER}/`],
    ['plain http', 'http://auth.example.com'],
    ['a look-alike letter', 'https://\u0430uth.example.com'],
    ['another case', 'https://Auth.example.com'],
  ])('attack 9: the issuer is compared letter for letter: %s', async (_what, iss) => {
    await expectRefused(compact(key, claims({ iss })), 'claims_issuer')
  })

  it('attack 9: two issuers with one kid each have their own key', async () => {
    const [one, other] = [es256('k'), es256('k')]
    await expectRefused(compact(other), 'signature', verifier({ keys: sourceOf(one) }))
  })

  it.each([['exp'], ['iat'], ['gen']])(
    'attack 10: %s must be a whole number of a sane size',
    async (name) => {
      for (const value of [undefined, null, '1800000900', 1.5, -1, 1e308, true, [], {}])
        await expectRefused(compact(key, claims({ [name]: value })), 'claims_malformed')
      const infinite = JSON.stringify(claims()).replace(`"${name}":${claims()[name]}`, `"${name}":1e400`)
      await expectRefused(compact(key, infinite), 'claims_malformed')
    },
  )

  it('attack 10: a token may not live longer than an access token does', async () => {
    await expectRefused(compact(key, claims({ exp: NOW + 901 })), 'claims_lifetime')
    await expectRefused(compact(key, claims({ exp: NOW })), 'claims_lifetime')
    await expectRefused(compact(key, claims({ exp: NOW - 1 })), 'claims_lifetime')
  })

  const at = (seconds: number) => verifier({ now: () => seconds * 1000 })
  const lives = claims().exp

  it('attack 10: it expires at exp and the skew, to the second', async () => {
    expect(await at(lives + SKEW - 1)(compact(key))).toHaveProperty('claims')
    expect(await at(lives + SKEW - 0.001)(compact(key))).toHaveProperty('claims')
    await expectRefused(compact(key), 'claims_expired', at(lives + SKEW))
    await expectRefused(compact(key), 'claims_expired', at(lives + SKEW + 1))
  })

  it('attack 10: within the skew a token from the future is good, to the second', async () => {
    expect(await at(NOW - SKEW)(compact(key))).toHaveProperty('claims')
    await expectRefused(compact(key), 'claims_not_yet_valid', at(NOW - SKEW - 1))
  })

  it('attack 10: nbf is honoured where there is one, to the second', async () => {
    expect(await verifier()(compact(key, claims({ nbf: NOW + SKEW })))).toHaveProperty('claims')
    await expectRefused(compact(key, claims({ nbf: NOW + SKEW + 1 })), 'claims_not_yet_valid')
    for (const nbf of ['1800000000', null, 1.5, -1, 1e308])
      await expectRefused(compact(key, claims({ nbf })), 'claims_malformed')
  })

  it('refuses a token without one of its claims', async () => {
    for (const name of ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id', 'scope', 'gen'])
      await expectRefused(compact(key, claims({ [name]: undefined })), 'claims_malformed')
  })

  it('refuses a payload that is no JSON object', async () => {
    for (const payload of ['', 'null', '[]', '"x"', '{', '1'])
      await expectRefused(compact(key, payload), 'claims_malformed')
  })

  it('refuses a token whose client is not its subject', async () => {
    await expectRefused(compact(key, claims({ client_id: 'ihk_another' })), 'claims_malformed')
  })
})
