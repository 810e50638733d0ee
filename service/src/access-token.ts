import { formatAccessTokenClaims } from '@interhuman-auth/protocol'
import type { AccessTokenRequest } from './issue-token.ts'
import type { SignJwt } from './jwt-signer.ts'

/** Who issues, for whom, and where token ids come from. */
export interface AccessTokenContext {
  readonly issuer: string
  readonly audience: string
  newTokenId(): string
}

/**
 * Makes the function that signs access tokens.
 *
 * @param signJwt signs with the key whose turn it is at each call, as a token of `at+jwt`.
 * @see RFC 9068 section 2 (header and claims)
 */
export function createAccessTokenSigner(
  signJwt: SignJwt,
  context: AccessTokenContext,
): (request: AccessTokenRequest) => string {
  return function signAccessToken(request) {
    const { issuer, audience } = context
    const { keyId, generation, scope, issuedAt } = request
    const grant = { issuer, audience, tokenId: context.newTokenId(), keyId, generation, scope, issuedAt }
    return signJwt(formatAccessTokenClaims(grant))
  }
}
