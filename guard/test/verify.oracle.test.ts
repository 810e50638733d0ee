import fc from 'fast-check'
import { createLocalJWKSet, errors, jwtVerify } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { createVerifier } from '../src/verify.ts'
import { claims, compact, edDsa, encode, es256, hs256, ISSUER, NOW, sourceOf } from './support/signing.ts'

const SKEW = 10

vi.setConfig({ testTimeout: 120_000 })
const ec = es256('ec')
const ed = edDsa('ed')
const stranger = es256('ec')
const publicKeys = createLocalJWKSet({ keys: [{ ...ec.jwk }, { ...ed.jwk }] })

const verify = createVerifier({
  issuer: ISSUER,
  keys: sourceOf(ec, ed),
  clockSkewSeconds: SKEW,
  now: () => NOW * 1000,
})

async function joseAccepts(token: string): Promise<boolean> {
  try {
    await jwtVerify(token, publicKeys, {
      issuer: ISSUER,
      audience: ISSUER,
      typ: 'at+jwt',
      algorithms: ['ES256', 'EdDSA'],
      clockTolerance: SKEW,
      currentDate: new Date(NOW * 1000),
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id'],
    })
    return true
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return false
    throw error
  }
}

const accepts = async (token: string) => 'claims' in (await verify(token))

const times = fc.oneof(
  fc.integer({ min: NOW - 1000, max: NOW + 1000 }),
  fc.constantFrom(
    undefined,
    null,
    '1',
    NOW + SKEW,
    NOW + SKEW + 1,
    NOW - SKEW,
    NOW - SKEW - 1,
    1.5,
    -1,
    1e308,
  ),
)
const change = <V>(part: 'header' | 'payload', name: string, value: fc.Arbitrary<V>) =>
  value.map((changed) => ({ part, name, value: changed as unknown }))
const changes = fc.array(
  fc.oneof(
    change('payload', 'iss', fc.constantFrom(`${ISSUER}/`, '', [ISSUER], 1, undefined)),
    change('payload', 'aud', fc.constantFrom(`${ISSUER}/`, [ISSUER], ['x', ISSUER], undefined)),
    change('payload', 'exp', times),
    change('payload', 'iat', times),
    change('payload', 'nbf', times),
    change('payload', 'jti', fc.constantFrom('b', undefined, 1)),
    change('payload', 'sub', fc.constantFrom('b', undefined)),
    change('payload', 'more', fc.jsonValue()),
    change('header', 'alg', fc.constantFrom('ES256', 'EdDSA', 'HS256', 'none', 'es256', undefined, 1)),
    change('header', 'typ', fc.constantFrom('application/at+jwt', 'AT+JWT', 'JWT', 'ct+jwt', undefined)),
    change('header', 'kid', fc.constantFrom('ec', 'ed', 'EC', '', undefined, '__proto__', 1)),
    change('header', 'crit', fc.constantFrom(['exp'], ['b64'], [], null)),
    change('header', 'b64', fc.boolean()),
    change('header', 'jwk', fc.constant(stranger.jwk)),
    change('header', 'jku', fc.constant('http://127.0.0.1:1/')),
    change('header', 'more', fc.jsonValue()),
  ),
  { maxLength: 3 },
)
const changed = (list: readonly { part: string; name: string; value: unknown }[], part: string) =>
  Object.fromEntries(list.filter((one) => one.part === part).map(({ name, value }) => [name, value]))
const fixtures = fc.constantFrom(ec, ed, stranger, hs256('ec', Buffer.from(JSON.stringify(ec.jwk))))

describe('what jose refuses, we refuse', () => {
  it('for any header, any payload and any key', async () => {
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(fixtures, changes, async (fixture, list) => {
        const token = compact(fixture, claims(changed(list, 'payload')), changed(list, 'header'))
        if (!(await accepts(token))) return
        accepted += 1
        expect(await joseAccepts(token)).toBe(true)
      }),
      { numRuns: 2000 },
    )
    expect(accepted).toBeGreaterThan(100)
  })

  it('for a good token with any character changed, left out, put in or doubled', async () => {
    const token = compact(ec)
    const character = fc.constantFrom(...'AQgwz0189-_.=+/ \n\0')
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: token.length - 1 }),
        fc.nat({ max: 2 }),
        character,
        async (index, removed, put) => {
          const changed = `${token.slice(0, index)}${put}${token.slice(index + removed)}`
          if (changed === token) return
          expect(await accepts(changed)).toBe(false)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('for a good token with its parts swapped or repeated', async () => {
    const parts = [...compact(ec).split('.'), ...compact(ed).split('.'), '', encode({ alg: 'none' })]
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...parts), { maxLength: 5 }), async (chosen) => {
        const token = chosen.join('.')
        if (await accepts(token)) expect(await joseAccepts(token)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('what is good by the contract, both accept', () => {
  it('for any key, any moment of its life and any scope', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(ec, ed),
        fc.integer({ min: NOW - 900 - SKEW + 1, max: NOW + SKEW }),
        fc.string(),
        fc.nat(),
        async (fixture, iat, scope, gen) => {
          const token = compact(fixture, claims({ iat, exp: iat + 900, scope, gen }))
          expect(await accepts(token)).toBe(true)
          expect(await joseAccepts(token)).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})
