import { createHmac, createPublicKey, type JsonWebKey, randomBytes, randomUUID, sign } from 'node:crypto'
import {
  ACCESS_TOKEN_TYPE,
  ALGORITHMS,
  type Algorithm,
  formatAccessTokenClaims,
} from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createJwtSigner } from '../src/jwt-signer.ts'
import { createSigningKey, openSigningKey } from '../src/signing-key.ts'
import {
  publicVerificationKey,
  sharedVerificationKey,
  type VerificationKey,
} from '../src/verification-key.ts'
import { verifyToken } from '../src/verify-token.ts'

const NOW = 1_800_000_000
const ISSUER = 'https://issuer.test'

function fixture(algorithm: Algorithm) {
  const masterKey = randomBytes(32)
  const kept = createSigningKey('active', { algorithm, masterKey, now: NOW, randomBytes })
  const opened = openSigningKey(kept, masterKey)
  const key =
    kept.publicJwk === null ? sharedVerificationKey(opened.privateKey) : publicVerificationKey(kept.publicJwk)
  return { kept, opened, key }
}

const claims = formatAccessTokenClaims({
  issuer: ISSUER,
  audience: ISSUER,
  keyId: 'ihk_00000000000000000000',
  generation: 1,
  scope: 'a',
  tokenId: randomUUID(),
  issuedAt: NOW,
})

const verify = (token: string, kid: string, key: VerificationKey) =>
  verifyToken(token, {
    issuer: ISSUER,
    audience: ISSUER,
    now: () => NOW,
    verificationKey: (asked) => (asked === kid ? key : undefined),
  })

test.each(ALGORITHMS)(
  'a key of %s takes what its signer signed and nothing else, whatever the bytes',
  (algorithm) => {
    const { opened, key } = fixture(algorithm)
    const token = createJwtSigner(opened, ACCESS_TOKEN_TYPE)(claims)
    const dot = token.lastIndexOf('.')
    const [signed, signature] = [token.slice(0, dot), Buffer.from(token.slice(dot + 1), 'base64url')]
    expect(key.algorithm).toBe(algorithm)
    expect(key.matches(signed, signature)).toBe(true)
    expect(key.matches(`${signed}0`, signature)).toBe(false)
    for (const length of [0, 1, 31, 32, 63, 64, 65, 72])
      expect(key.matches(signed, Buffer.alloc(length))).toBe(false)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(key.matches(signed, bytes)).toBe(false)
      }),
      { numRuns: 50 },
    )
  },
)

test('a signature of ES256 in DER is none', () => {
  const { opened, key } = fixture('ES256')
  expect(key.matches('a', sign('sha256', Buffer.from('a'), opened.privateKey))).toBe(false)
})

describe.each(['ES256', 'EdDSA'] as const)(
  'attack 2: the public key of %s used as a shared one',
  (algorithm) => {
    const { kept, key } = fixture(algorithm)
    const jwk = { ...kept.publicJwk } as JsonWebKey
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const forms: Record<string, string | Buffer> = {
      'its PEM': pem,
      'its PEM behind spaces': `  \n${pem}`,
      'its PEM without the last newline': pem.trimEnd(),
      'its DER': publicKey.export({ format: 'der', type: 'spki' }),
      'its JWK': JSON.stringify(jwk),
      'its x': Buffer.from(jwk.x ?? '', 'base64url'),
      'its kid': kept.kid,
    }

    test.each(Object.keys(forms))('introspection refuses a token signed with %s', (form) => {
      for (const alg of ['HS256', algorithm]) {
        const header = Buffer.from(JSON.stringify({ alg, typ: ACCESS_TOKEN_TYPE, kid: kept.kid })).toString(
          'base64url',
        )
        const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
        const signature = createHmac('sha256', forms[form] ?? '')
          .update(input)
          .digest('base64url')
        expect(verify(`${input}.${signature}`, kept.kid, key)).toBeUndefined()
      }
    })
  },
)

test.each(ALGORITHMS)('a token of %s is taken by its own key only', (algorithm) => {
  const [own, other] = [fixture(algorithm), fixture(algorithm)]
  const token = createJwtSigner(own.opened, ACCESS_TOKEN_TYPE)(claims)
  expect(verify(token, own.kept.kid, own.key)?.claims).toEqual(claims)
  expect(verify(token, own.kept.kid, other.key)).toBeUndefined()
})
