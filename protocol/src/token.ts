import type { Scope } from './scopes.ts'
import { formatScope } from './scopes.ts'

/** How long an access token lives, in seconds (our contract, section 3). */
export const ACCESS_TOKEN_LIFETIME_SECONDS = 900

/** The longest token that a guard looks at, and that is issued, in characters; most have about 600. */
export const MAX_TOKEN_LENGTH = 4096

/** The only token type there is (RFC 6750). */
export const TOKEN_TYPE = 'Bearer'

/** The body of the exchange's request, as it stands on the wire (our contract, section 1). */
export interface TokenRequest {
  readonly key_id: string
  readonly key_secret: string
  readonly scopes: readonly string[]
}

/** The body of the exchange's 200, as it stands on the wire, fields in this order (our contract, section 1). */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: typeof TOKEN_TYPE
  /** Seconds from the answer on. */
  readonly expires_in: number
  /** Space-separated, in the order asked. */
  readonly scope: string
}

/** An API key and what is asked of it. */
export interface TokenRequestParameters {
  readonly keyId: string
  readonly keySecret: string
  readonly scopes: readonly string[]
}

/** Writes the exchange's request body; the scopes keep the caller's order. */
export function formatTokenRequest({ keyId, keySecret, scopes }: TokenRequestParameters): TokenRequest {
  return { key_id: keyId, key_secret: keySecret, scopes }
}

/** Writes the exchange's 200. */
export function formatTokenResponse(accessToken: string, scopes: readonly Scope[]): TokenResponse {
  return {
    access_token: accessToken,
    token_type: TOKEN_TYPE,
    expires_in: ACCESS_TOKEN_LIFETIME_SECONDS,
    scope: formatScope(scopes),
  }
}
