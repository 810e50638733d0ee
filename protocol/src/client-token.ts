import { type ClientTokenCaps, type ClientTokenCapsWire, formatClientTokenCaps } from './client-token-caps.ts'
import { formatScope, type Scope, STREAM_SCOPE } from './scopes.ts'
import { TOKEN_TYPE, type TokenResponse } from './token.ts'

/** The shortest life of a client token, in seconds; less is raised to it (our contract, section 5). */
export const MIN_CLIENT_TOKEN_LIFETIME_SECONDS = 60
/** The longest life of a client token, in seconds; more is cut to it. */
export const MAX_CLIENT_TOKEN_LIFETIME_SECONDS = 3600
/** The life of a client token unless told, in seconds. */
export const DEFAULT_CLIENT_TOKEN_LIFETIME_SECONDS = 300

/** What a client token is good for unless told. */
export const DEFAULT_CLIENT_TOKEN_SCOPES: readonly Scope[] = [STREAM_SCOPE]

/** The API key as one string, or as its two parts; never both (our contract, section 5). */
export type KeyCredentialWire =
  | { readonly api_key: string }
  | { readonly key_id: string; readonly key_secret: string }

/** The body of a request for a client token, as it stands on the wire (our contract, section 5). */
export type ClientTokenRequest = KeyCredentialWire &
  ClientTokenCapsWire & {
    readonly scopes?: readonly string[]
    /** Seconds. */
    readonly expires_in?: number
  }

/** The body of a request to revoke one, as it stands on the wire; `token` or `token_id`, never both. */
export type ClientTokenRevocationRequest = KeyCredentialWire &
  ({ readonly token: string } | { readonly token_id: string })

/** The 200 of a request for a client token: the exchange's fields first, in this order (our contract, section 5). */
export interface ClientTokenResponse extends TokenResponse, ClientTokenCapsWire {
  /** Names the token without being one; what it is revoked by. */
  readonly token_id: string
  /** Epoch seconds. */
  readonly expires_at: number
}

/** An API key and the client token that is asked of it. What is absent is left to the service. */
export interface ClientTokenRequestParameters {
  readonly keyId: string
  readonly keySecret: string
  readonly scopes?: readonly string[]
  readonly expiresInSeconds?: number
  readonly caps?: Partial<ClientTokenCaps>
}

/** Writes the body of a request for a client token. */
export function formatClientTokenRequest(parameters: ClientTokenRequestParameters): ClientTokenRequest {
  const { keyId, keySecret, scopes, expiresInSeconds, caps = {} } = parameters
  return {
    key_id: keyId,
    key_secret: keySecret,
    ...(scopes !== undefined && { scopes }),
    ...(expiresInSeconds !== undefined && { expires_in: expiresInSeconds }),
    ...formatClientTokenCaps(caps),
  }
}

/** A client token and what it is good for. */
export interface IssuedClientToken {
  readonly token: string
  readonly tokenId: string
  readonly scopes: readonly Scope[]
  readonly lifetimeSeconds: number
  /** Epoch seconds. */
  readonly expiresAt: number
  readonly caps: ClientTokenCaps
}

/** Writes the 200 of a request for a client token. */
export function formatClientTokenResponse(issued: IssuedClientToken): ClientTokenResponse {
  return {
    access_token: issued.token,
    token_type: TOKEN_TYPE,
    expires_in: issued.lifetimeSeconds,
    scope: formatScope(issued.scopes),
    token_id: issued.tokenId,
    expires_at: issued.expiresAt,
    ...formatClientTokenCaps(issued.caps),
  }
}
