import { randomBytes } from 'node:crypto'
import {
  ACCESS_TOKEN_TYPE,
  type Algorithm,
  CLIENT_TOKEN_TYPE,
  formatAccessTokenClaims,
  formatClientTokenClaims,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import { createJwtSigner } from '../../src/jwt-signer.ts'
import { createSigningKey, openSigningKey } from '../../src/signing-key.ts'
import { publicVerificationKey, sharedVerificationKey } from '../../src/verification-key.ts'

export const NOW = 1_800_000_000
export const ISSUER = 'https://issuer.test'
export const AUDIENCE = 'the audience'
export const KEY_ID = 'ihk_00000000000000000000'

const masterKey = randomBytes(32)

export const GRANT = {
  issuer: ISSUER,
  audience: AUDIENCE,
  keyId: KEY_ID,
  generation: 3,
  scope: UPLOAD_SCOPE,
  tokenId: 'token-1',
  issuedAt: NOW,
}

/** A key that signs tokens for a test, and what verifies them. */
export function newTestSigner(algorithm: Algorithm = 'ES256') {
  const key = createSigningKey('active', { algorithm, masterKey, now: NOW, randomBytes })
  const opened = openSigningKey(key, masterKey)
  const verificationKey =
    key.publicJwk === null ? sharedVerificationKey(opened.privateKey) : publicVerificationKey(key.publicJwk)
  return {
    key,
    opened,
    verificationKey: (kid: string) => (kid === key.kid ? verificationKey : undefined),
    sign: (claims: object, type = ACCESS_TOKEN_TYPE) => createJwtSigner(opened, type)(claims),
    accessToken: (grant: Partial<typeof GRANT> = {}) =>
      createJwtSigner(opened, ACCESS_TOKEN_TYPE)(formatAccessTokenClaims({ ...GRANT, ...grant })),
    clientToken: (grant: Partial<typeof GRANT> = {}) =>
      createJwtSigner(
        opened,
        CLIENT_TOKEN_TYPE,
      )(
        formatClientTokenClaims({
          ...GRANT,
          ...grant,
          lifetimeSeconds: 300,
          caps: { maxConcurrent: 2, allowedOrigins: ['https://app.test'] },
        }),
      ),
  }
}
