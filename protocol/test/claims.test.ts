import {
  ACCESS_TOKEN_LIFETIME_SECONDS,
  ACCESS_TOKEN_TYPE,
  type AccessTokenGrant,
  type ClaimProblem,
  checkAccessTokenClaims,
  formatAccessTokenClaims,
  MAX_CLOCK_SKEW_SECONDS,
} from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const NOW = 1_800_000_000
const SKEW = 60
const grant: AccessTokenGrant = {
  issuer: 'https://auth.example.com',
  audience: 'https://video.example.com',
  keyId: 'ihk_00000000000000000001',
  generation: 7,
  scope: 'interhumanai.upload interhumanai.stream',
  tokenId: 'token-1',
  issuedAt: NOW,
}
const good = formatAccessTokenClaims(grant)
const expected = { issuer: grant.issuer, audience: grant.audience, now: NOW, clockSkewSeconds: SKEW }
const check = (changes: object, at: object = {}) =>
  checkAccessTokenClaims({ ...good, ...changes }, { ...expected, ...at })

function expectProblem(problem: ClaimProblem, changes: object, at: object = {}): void {
  expect(check(changes, at)).toEqual({ problem })
}

describe('the numbers of the contract', () => {
  it('are 900 s of life, 60 s of skew and `at+jwt`', () => {
    expect([ACCESS_TOKEN_LIFETIME_SECONDS, MAX_CLOCK_SKEW_SECONDS, ACCESS_TOKEN_TYPE]).toEqual([
      900,
      60,
      'at+jwt',
    ])
  })
})

describe('formatAccessTokenClaims', () => {
  it('writes the claims of RFC 9068 and gen', () => {
    expect(good).toEqual({
      iss: grant.issuer,
      sub: grant.keyId,
      aud: grant.audience,
      exp: NOW + 900,
      iat: NOW,
      jti: 'token-1',
      client_id: grant.keyId,
      scope: grant.scope,
      gen: 7,
    })
  })

  it('writes what the check accepts, for any grant at any moment of its life', () => {
    const text = fc.string({ minLength: 1 })
    const grants = fc.record({
      issuer: text,
      audience: text,
      keyId: text,
      generation: fc.nat(),
      scope: fc.string(),
      tokenId: text,
      issuedAt: fc.integer({ min: 0, max: 2 ** 40 }),
    })
    fc.assert(
      fc.property(grants, fc.integer({ min: -SKEW, max: 899 + SKEW }), (any, age) => {
        const claims = formatAccessTokenClaims(any)
        const { issuer, audience, issuedAt } = any
        const at = { issuer, audience, now: issuedAt + age, clockSkewSeconds: SKEW }
        expect(checkAccessTokenClaims(JSON.parse(JSON.stringify(claims)), at)).toEqual({ claims })
      }),
    )
  })
})

describe('checkAccessTokenClaims', () => {
  it('gives the claims and drops what it does not know', () => {
    expect(check({ admin: true, nbf: NOW })).toEqual({ claims: good })
  })

  it.each(['iss', 'sub', 'aud', 'jti', 'client_id'])('wants %s to be a text that is not empty', (name) => {
    for (const value of [undefined, null, '', 0, true, [], [good.iss], {}])
      expectProblem('malformed', { [name]: value })
  })

  it.each(['exp', 'iat', 'gen'])('wants %s to be a whole number from 0 on', (name) => {
    for (const value of [undefined, null, '1', 1.5, -1, 1e308, Number.NaN, 2 ** 53, true, [], {}])
      expectProblem('malformed', { [name]: value })
  })

  it('wants scope to be a text, and it may be empty', () => {
    for (const scope of [undefined, null, 1, ['interhumanai.upload']]) expectProblem('malformed', { scope })
    expect(check({ scope: '' })).toHaveProperty('claims.scope', '')
  })

  it('wants the client to be the subject', () => {
    expectProblem('malformed', { client_id: 'ihk_another' })
  })

  it.each([[undefined], [null], [1], ['x'], [true], [[]], [[good]], [() => good]])(
    'wants an object, not %j',
    (payload) => {
      expect(checkAccessTokenClaims(payload, expected)).toEqual({ problem: 'malformed' })
    },
  )

  it('compares the issuer and the audience letter for letter', () => {
    for (const end of ['/', ' ', '.']) expectProblem('issuer', { iss: `${good.iss}${end}` })
    expectProblem('issuer', { iss: good.iss.toUpperCase() })
    expectProblem('audience', { aud: good.iss })
    expectProblem('audience', { aud: `${good.aud}/` })
    expectProblem('malformed', { aud: [good.aud] })
  })

  it('ends the token at exp and the skew, to the second', () => {
    expect(check({}, { now: good.exp + SKEW - 1 })).toHaveProperty('claims')
    expectProblem('expired', {}, { now: good.exp + SKEW })
    expect(check({}, { now: good.exp - 1, clockSkewSeconds: 0 })).toHaveProperty('claims')
    expectProblem('expired', {}, { now: good.exp, clockSkewSeconds: 0 })
  })

  it.each(['iat', 'nbf'])('refuses an %s beyond the skew, to the second', (name) => {
    const exp = NOW + SKEW + 1
    expect(check({ exp, [name]: NOW + SKEW })).toHaveProperty('claims')
    expectProblem('not_yet_valid', { exp: exp + 900, [name]: NOW + SKEW + 1 })
  })

  it('wants nbf, where there is one, to be a whole number', () => {
    for (const nbf of [null, '1', 1.5, -1, 1e308]) expectProblem('malformed', { nbf })
  })

  it('refuses a life longer than 900 s, of nothing or of less', () => {
    expectProblem('lifetime', { exp: NOW + 901 })
    expectProblem('lifetime', { exp: NOW })
    expectProblem('lifetime', { exp: NOW - 1 })
    expect(check({ exp: NOW + 900 })).toHaveProperty('claims')
    expect(check({ exp: NOW + 1 })).toHaveProperty('claims')
  })

  it('never throws and never accepts what it was not given, for any value', () => {
    fc.assert(
      fc.property(fc.anything(), (payload) => {
        expect(checkAccessTokenClaims(payload, expected)).toEqual({ problem: 'malformed' })
      }),
    )
  })

  it('reads no claim from a prototype that JSON planted', () => {
    const payload: unknown = JSON.parse(`{"__proto__":${JSON.stringify(good)}}`)
    expect(checkAccessTokenClaims(payload, expected)).toEqual({ problem: 'malformed' })
  })
})
