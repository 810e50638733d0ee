import { createHmac } from 'node:crypto'
import { ALGORITHMS, formatAccessTokenClaims } from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type VerifyTokenDependencies, verifyToken } from '../src/verify-token.ts'
import { AUDIENCE, GRANT, ISSUER, KEY_ID, NOW, newTestSigner } from './support/own-tokens.ts'

const signer = newTestSigner()
const dependencies = (
  now = NOW,
  verificationKey: VerifyTokenDependencies['verificationKey'] = signer.verificationKey,
): VerifyTokenDependencies => ({ issuer: ISSUER, audience: AUDIENCE, verificationKey, now: () => now })
const verify = (token: string, now?: number) => verifyToken(token, dependencies(now))
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const [HEADER = '', PAYLOAD = '', SIGNATURE = ''] = signer.accessToken().split('.')

test.each(ALGORITHMS)('a token signed here with %s is known, of either kind', (algorithm) => {
  const { accessToken, clientToken, verificationKey } = newTestSigner(algorithm)
  const from = dependencies(NOW, verificationKey)
  expect(verifyToken(accessToken(), from)).toMatchObject({ claims: { sub: KEY_ID, gen: 3 }, caps: undefined })
  expect(verifyToken(clientToken(), from)).toMatchObject({
    claims: { jti: 'token-1' },
    caps: { maxConcurrent: 2 },
  })
})

test('it lives until its end, to the second, and may come from a node whose clock is ahead', () => {
  expect(verify(signer.accessToken(), NOW + 899)).toBeDefined()
  expect(verify(signer.accessToken(), NOW + 900)).toBeUndefined()
  expect(verify(signer.accessToken(), NOW - 60)).toBeDefined()
  expect(verify(signer.accessToken(), NOW - 61)).toBeUndefined()
})

describe('a header', () => {
  const { kid } = signer.key
  test.each<[string, object | string]>([
    ['of no algorithm', { alg: 'none', typ: 'at+jwt', kid }],
    ['of another algorithm', { alg: 'HS256', typ: 'at+jwt', kid }],
    ['of an algorithm spelt otherwise', { alg: 'es256', typ: 'at+jwt', kid }],
    ['of another type', { alg: 'ES256', typ: 'JWT', kid }],
    ['of the long form of the type', { alg: 'ES256', typ: 'application/at+jwt', kid }],
    ['of another key', { alg: 'ES256', typ: 'at+jwt', kid: 'LEAK' }],
    ['of a key by a name of the prototype', { alg: 'ES256', typ: 'at+jwt', kid: '__proto__' }],
    ['of a type by a name of the prototype', { alg: 'ES256', typ: 'constructor', kid }],
    ['with crit', { alg: 'ES256', typ: 'at+jwt', kid, crit: [] }],
    ['with a key inside', { alg: 'ES256', typ: 'at+jwt', kid, jwk: signer.key.publicJwk }],
    ['in another order', { typ: 'at+jwt', alg: 'ES256', kid }],
    ['that is a list', ['ES256']],
    ['that is null', 'bnVsbA'],
    ['with padding', `${HEADER}=`],
    ['that is empty', ''],
  ])('%s is not ours, even where the signature is good', (_, header) => {
    const first = typeof header === 'string' ? header : encode(header)
    const good = { algorithm: 'ES256', matches: () => true } as const
    const everything = (asked: string) => (asked === kid ? good : undefined)
    expect(verifyToken(`${first}.${PAYLOAD}.${SIGNATURE}`, dependencies(NOW, everything))).toBeUndefined()
  })

  test('that swaps the kinds is refused by its signature', () => {
    const [clientHeader] = signer.clientToken().split('.')
    expect(verify(`${clientHeader}.${PAYLOAD}.${SIGNATURE}`)).toBeUndefined()
  })
})

describe('a signature', () => {
  test('in any other spelling is refused: one token is one string', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(SIGNATURE.at(-1) ?? '')
    const twin = SIGNATURE.slice(0, -1) + alphabet[last ^ 1]
    expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(SIGNATURE, 'base64url'))
    for (const other of [twin, `${SIGNATURE}=`, `${SIGNATURE} `, ` ${SIGNATURE}`, `${SIGNATURE}\n`])
      expect(verify(`${HEADER}.${PAYLOAD}.${other}`)).toBeUndefined()
  })

  test('of zeros, of another length or in DER is refused', () => {
    for (const bytes of [0, 1, 63, 64, 65, 72])
      expect(verify(`${HEADER}.${PAYLOAD}.${Buffer.alloc(bytes).toString('base64url')}`)).toBeUndefined()
  })

  test('made with the public key as a shared secret is refused', () => {
    const secret = JSON.stringify(signer.key.publicJwk)
    const header = encode({ alg: 'HS256', typ: 'at+jwt', kid: signer.key.kid })
    const mac = createHmac('sha256', secret).update(`${header}.${PAYLOAD}`).digest('base64url')
    expect(verify(`${header}.${PAYLOAD}.${mac}`)).toBeUndefined()
  })
})

test('attack 29: a token of another issuer, another audience or another key is not ours', () => {
  expect(verify(signer.accessToken({ issuer: `${ISSUER}/` }))).toBeUndefined()
  expect(verify(signer.accessToken({ audience: AUDIENCE.toUpperCase() }))).toBeUndefined()
  expect(verify(newTestSigner().accessToken())).toBeUndefined()
})

test('claims that we never write are refused although we signed them', () => {
  const claims = formatAccessTokenClaims(GRANT)
  for (const change of [
    { aud: [AUDIENCE] },
    { exp: '1' },
    { exp: NOW + 901 },
    { gen: -1 },
    { sub: 'other' },
    { jti: '' },
  ])
    expect(verify(signer.sign({ ...claims, ...change }))).toBeUndefined()
  expect(verify(signer.sign(claims, 'ct+jwt'))).toBeUndefined()
  expect(verify(signer.sign([]))).toBeUndefined()
})

test('a token that is longer than any is not looked at', () => {
  const asked: string[] = []
  const find = (kid: string) => {
    asked.push(kid)
    return undefined
  }
  verifyToken(signer.accessToken({ scope: 'a'.repeat(4000) }), dependencies(NOW, find))
  expect(asked).toEqual([])
})

test('any change of any character ends a token, and any string is answered', () => {
  const token = signer.accessToken()
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom('', 'A', '.', '=', 'é', ' '), (at, by) => {
      const changed = token.slice(0, at) + by + token.slice(at + 1)
      expect(verify(changed) === undefined).toBe(changed !== token)
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(verify(text)).toBeUndefined()
    }),
  )
})
