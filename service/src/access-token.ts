import { createHmac, type KeyObject, sign } from 'node:crypto'
import { ACCESS_TOKEN_TYPE, type Algorithm, formatAccessTokenClaims } from '@interhuman-auth/protocol'
import { toRawSignature } from './der-signature.ts'
import type { AccessTokenRequest } from './issue-token.ts'

/** The key that signs, opened. */
export interface ActiveSigningKey {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly privateKey: KeyObject
}

/** Who issues, for whom, and where token ids come from. */
export interface AccessTokenContext {
  readonly issuer: string
  readonly audience: string
  newTokenId(): string
}

/**
 * Makes the function that signs access tokens with one key. What does not change from token to token is computed once.
 *
 * @see RFC 7515 section 3.1 (compact form), RFC 9068 section 2 (header and claims)
 */
export function createAccessTokenSigner(
  key: ActiveSigningKey,
  context: AccessTokenContext,
): (request: AccessTokenRequest) => string {
  const header = encode({ alg: key.algorithm, typ: ACCESS_TOKEN_TYPE, kid: key.kid })
  const signInput = createSigner(key)
  return function signAccessToken(request) {
    const claims = formatAccessTokenClaims({
      issuer: context.issuer,
      audience: context.audience,
      tokenId: context.newTokenId(),
      ...request,
    })
    const input = `${header}.${encode(claims)}`
    return `${input}.${signInput(input)}`
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function createSigner({ algorithm, privateKey }: ActiveSigningKey): (input: string) => string {
  switch (algorithm) {
    case 'ES256':
      return (input) => toRawSignature(sign('sha256', Buffer.from(input), privateKey)).toString('base64url')
    case 'EdDSA':
      return (input) => sign(null, Buffer.from(input), privateKey).toString('base64url')
    case 'HS256':
      return (input) => createHmac('sha256', privateKey).update(input).digest('base64url')
  }
}
