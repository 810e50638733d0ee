import { ACCESS_TOKEN_TYPE, formatAccessTokenClaims } from '@interhuman-auth/protocol'
import type { AccessTokenRequest } from './issue-token.ts'
import { type ActiveSigningKey, createJwtSigner } from './jwt-signer.ts'

/** Who issues, for whom, and where token ids come from. */
export interface AccessTokenContext {
  readonly issuer: string
  readonly audience: string
  newTokenId(): string
}

/**
 * Makes the function that signs access tokens with one key.
 *
 * @see RFC 9068 section 2 (header and claims)
 */
export function createAccessTokenSigner(
  key: ActiveSigningKey,
  context: AccessTokenContext,
): (request: AccessTokenRequest) => string {
  const signJwt = createJwtSigner(key, ACCESS_TOKEN_TYPE)
  return function signAccessToken(request) {
    const { issuer, audience } = context
    return signJwt(formatAccessTokenClaims({ issuer, audience, tokenId: context.newTokenId(), ...request }))
  }
}
