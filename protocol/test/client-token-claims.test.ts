import {
  CLIENT_TOKEN_TYPE,
  type ClientTokenGrant,
  checkAccessTokenClaims,
  checkClientTokenClaims,
  formatClientTokenClaims,
} from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const NOW = 1_800_000_000
const SKEW = 60
const grant: ClientTokenGrant = {
  issuer: 'https://auth.example.com',
  audience: 'https://video.example.com',
  keyId: 'ihk_00000000000000000001',
  generation: 7,
  scope: 'interhumanai.stream',
  tokenId: 'token-1',
  issuedAt: NOW,
  lifetimeSeconds: 3600,
  caps: { maxConcurrent: 2, maxBytes: 1000, allowedOrigins: ['https://app.example.com'] },
}
const good = formatClientTokenClaims(grant)
const { max_concurrent, max_bytes, allowed_origins, ...base } = good
const expected = { issuer: grant.issuer, audience: grant.audience, now: NOW, clockSkewSeconds: SKEW }
const check = (changes: object, at: object = {}) =>
  checkClientTokenClaims({ ...good, ...changes }, { ...expected, ...at })

describe('the claims of a client token', () => {
  it('are those of an access token and the caps, and the type is ct+jwt', () => {
    expect(CLIENT_TOKEN_TYPE).toBe('ct+jwt')
    expect(good).toEqual({
      iss: grant.issuer,
      sub: grant.keyId,
      aud: grant.audience,
      exp: NOW + 3600,
      iat: NOW,
      jti: 'token-1',
      client_id: grant.keyId,
      scope: 'interhumanai.stream',
      gen: 7,
      max_bytes: 1000,
      max_concurrent: 2,
      allowed_origins: ['https://app.example.com'],
    })
  })

  it('are read back as claims and caps', () => {
    expect(check({})).toEqual({ claims: base, caps: grant.caps })
  })

  it('may live 3,600 s and no second longer', () => {
    expect(check({ exp: NOW + 3601 })).toEqual({ problem: 'lifetime' })
    expect(check({ exp: NOW })).toEqual({ problem: 'lifetime' })
    expect(check({ exp: NOW + 1 })).toHaveProperty('claims')
  })

  it('live too long for an access token, unless they live 900 s at most', () => {
    expect(checkAccessTokenClaims(good, expected)).toEqual({ problem: 'lifetime' })
  })

  it('end at exp and the skew, to the second', () => {
    expect(check({}, { now: good.exp + SKEW - 1 })).toHaveProperty('claims')
    expect(check({}, { now: good.exp + SKEW })).toEqual({ problem: 'expired' })
  })

  it('are held to issuer, audience and the claims of every token', () => {
    expect(check({ iss: `${good.iss}/` })).toEqual({ problem: 'issuer' })
    expect(check({ aud: good.iss })).toEqual({ problem: 'audience' })
    expect(check({ client_id: 'ihk_another' })).toEqual({ problem: 'malformed' })
    for (const name of ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id', 'scope', 'gen'])
      expect(check({ [name]: undefined })).toEqual({ problem: 'malformed' })
  })

  it('are refused with a cap that cannot be read', () => {
    expect(check({ max_bytes: '1000' })).toEqual({ problem: 'malformed' })
    expect(check({ max_concurrent: undefined })).toEqual({ problem: 'malformed' })
    expect(check({ allowed_origins: '*' })).toEqual({ problem: 'malformed' })
  })

  it('never throw and are never accepted, whatever the value', () => {
    fc.assert(
      fc.property(fc.anything(), (payload) => {
        expect(checkClientTokenClaims(payload, expected)).toEqual({ problem: 'malformed' })
      }),
    )
  })
})
