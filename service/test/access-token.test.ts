import { randomBytes } from 'node:crypto'
import { ACCESS_TOKEN_TYPE, ALGORITHMS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { type CryptoKey, importJWK, jwtVerify, type KeyObject } from 'jose'
import { expect, test } from 'vitest'
import { createAccessTokenSigner } from '../src/access-token.ts'
import { createJwtSigner } from '../src/jwt-signer.ts'
import { createSigningKey, openSigningKey, type SigningKey } from '../src/signing-key.ts'

const NOW = 1_800_000_000
const masterKey = randomBytes(32)
const request = { keyId: 'ihk_00000000000000000000', generation: 7, scope: UPLOAD_SCOPE, issuedAt: NOW }
const context = { issuer: 'https://issuer.test', audience: 'the audience', newTokenId: () => 'token-1' }

function signer(algorithm: (typeof ALGORITHMS)[number]) {
  const key = createSigningKey('active', { algorithm, masterKey, now: NOW, randomBytes })
  const opened = openSigningKey(key, masterKey)
  return {
    key,
    opened,
    token: createAccessTokenSigner(createJwtSigner(opened, ACCESS_TOKEN_TYPE), context)(request),
  }
}

const checkedWith = (key: SigningKey, secret: KeyObject): Promise<CryptoKey | Uint8Array> | KeyObject =>
  key.publicJwk === null ? secret : importJWK({ ...key.publicJwk })
const decode = (part: string | undefined) => Buffer.from(part ?? '', 'base64url').toString()

test.each(ALGORITHMS)('jose verifies a token of %s with the public key alone', async (algorithm) => {
  const { key, opened, token } = signer(algorithm)
  const { payload, protectedHeader } = await jwtVerify(token, await checkedWith(key, opened.privateKey), {
    issuer: context.issuer,
    audience: context.audience,
    typ: 'at+jwt',
    algorithms: [algorithm],
    currentDate: new Date(NOW * 1000),
  })
  expect(payload.sub).toBe(request.keyId)
  expect(protectedHeader.kid).toBe(key.kid)
})

test.each(ALGORITHMS)(
  'header and claims of a token of %s are these and no other, in this order',
  (algorithm) => {
    const { key, token } = signer(algorithm)
    const [header, claims, signature, ...rest] = token.split('.')
    expect(rest).toEqual([])
    expect(decode(header)).toBe(`{"alg":"${algorithm}","typ":"at+jwt","kid":"${key.kid}"}`)
    expect(decode(claims)).toBe(
      `{"iss":"https://issuer.test","sub":"${request.keyId}","aud":"the audience","exp":${NOW + 900},"iat":${NOW},` +
        `"jti":"token-1","client_id":"${request.keyId}","scope":"${UPLOAD_SCOPE}","gen":7}`,
    )
    expect(Buffer.from(signature ?? '', 'base64url')).toHaveLength(algorithm === 'HS256' ? 32 : 64)
  },
)

test('every token has an id of its own', () => {
  const { opened } = signer('ES256')
  let drawn = 0
  const sign = createAccessTokenSigner(createJwtSigner(opened, ACCESS_TOKEN_TYPE), {
    ...context,
    newTokenId() {
      drawn += 1
      return `token-${drawn}`
    },
  })
  const ids = [sign(request), sign(request)].map((token) => JSON.parse(decode(token.split('.')[1])).jti)
  expect(ids).toEqual(['token-1', 'token-2'])
})

test('an issuer with a quote in it cannot break out of its claim', () => {
  const { opened } = signer('HS256')
  const hostile = { ...context, audience: 'a","scope":"everything' }
  const token = createAccessTokenSigner(createJwtSigner(opened, ACCESS_TOKEN_TYPE), hostile)(request)
  expect(JSON.parse(decode(token.split('.')[1]))).toMatchObject({
    aud: hostile.audience,
    scope: UPLOAD_SCOPE,
  })
})
