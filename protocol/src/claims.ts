import { ACCESS_TOKEN_LIFETIME_SECONDS } from './token.ts'

/** The `typ` of an access token's header; a verifier takes exactly this one (RFC 9068 section 2.1). */
export const ACCESS_TOKEN_TYPE = 'at+jwt'

/** The largest clock difference that a verifier forgives, in seconds. */
export const MAX_CLOCK_SKEW_SECONDS = 60

/**
 * The claims of an access token, names as they stand in the token (RFC 9068 section 2.2), and `gen`, the
 * generation of the key that it was issued for.
 *
 * @see Our contract, section 3
 */
export interface AccessTokenClaims {
  readonly iss: string
  /** The key id. */
  readonly sub: string
  readonly aud: string
  /** Epoch seconds. */
  readonly exp: number
  /** Epoch seconds. */
  readonly iat: number
  readonly jti: string
  /** The key id. */
  readonly client_id: string
  /** Space-separated. */
  readonly scope: string
  /** The key's generation: a token of a lower one is dead. */
  readonly gen: number
}

/** What differs from token to token of any kind; the rest of the claims follows from it. */
export interface AccessTokenGrant {
  readonly issuer: string
  readonly audience: string
  readonly keyId: string
  readonly generation: number
  /** Space-separated. */
  readonly scope: string
  readonly tokenId: string
  /** Epoch seconds. */
  readonly issuedAt: number
}

/** Writes the claims of an access token that lives {@link ACCESS_TOKEN_LIFETIME_SECONDS} (RFC 9068 section 2.2). */
export function formatAccessTokenClaims(grant: AccessTokenGrant): AccessTokenClaims {
  return formatClaims(grant, ACCESS_TOKEN_LIFETIME_SECONDS)
}

/** Writes the claims that every kind of token has (our contract, section 3). */
export function formatClaims(grant: AccessTokenGrant, lifetimeSeconds: number): AccessTokenClaims {
  return {
    iss: grant.issuer,
    sub: grant.keyId,
    aud: grant.audience,
    exp: grant.issuedAt + lifetimeSeconds,
    iat: grant.issuedAt,
    jti: grant.tokenId,
    client_id: grant.keyId,
    scope: grant.scope,
    gen: grant.generation,
  }
}

/** Why claims were not accepted. */
export type ClaimProblem = 'malformed' | 'issuer' | 'audience' | 'expired' | 'not_yet_valid' | 'lifetime'

/** What claims are held to. */
export interface ClaimExpectations {
  /** Compared letter for letter. */
  readonly issuer: string
  /** Compared letter for letter; a list of audiences in the token never matches. */
  readonly audience: string
  /** Epoch seconds. */
  readonly now: number
  /** 0 to {@link MAX_CLOCK_SKEW_SECONDS}. */
  readonly clockSkewSeconds: number
}

/** What became of a payload. */
export type CheckedClaims = { readonly claims: AccessTokenClaims } | { readonly problem: ClaimProblem }

/**
 * Checks the decoded payload of an access token.
 *
 * @see {@link checkClaims}
 */
export function checkAccessTokenClaims(payload: unknown, expected: ClaimExpectations): CheckedClaims {
  return checkClaims(payload, expected, ACCESS_TOKEN_LIFETIME_SECONDS)
}

/**
 * Checks a decoded payload: every claim present and of its type, issuer and audience equal, not expired, not from
 * the future beyond the skew, no longer-lived than a token of its kind may be. Our tokens have no `nbf`; one that has
 * is held to it.
 *
 * @see RFC 9068 section 4; RFC 7519 section 4.1.5; our contract, section 3
 */
export function checkClaims(
  payload: unknown,
  expected: ClaimExpectations,
  maxLifetimeSeconds: number,
): CheckedClaims {
  const parsed = parseAccessTokenClaims(payload)
  if (parsed === undefined) return { problem: 'malformed' }
  const { claims, notBefore } = parsed
  if (claims.iss !== expected.issuer) return { problem: 'issuer' }
  if (claims.aud !== expected.audience) return { problem: 'audience' }
  if (expected.now >= claims.exp + expected.clockSkewSeconds) return { problem: 'expired' }
  if (Math.max(claims.iat, notBefore) > expected.now + expected.clockSkewSeconds)
    return { problem: 'not_yet_valid' }
  if (claims.exp <= claims.iat || claims.exp - claims.iat > maxLifetimeSeconds) return { problem: 'lifetime' }
  return { claims }
}

function parseAccessTokenClaims(
  payload: unknown,
): { readonly claims: AccessTokenClaims; readonly notBefore: number } | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined
  const record = payload as Record<string, unknown>
  const { iss, sub, aud, exp, iat, nbf = 0, jti, client_id, scope, gen } = record
  if (!isText(iss) || !isText(sub) || !isText(aud) || !isText(jti) || !isText(client_id)) return undefined
  if (typeof scope !== 'string' || sub !== client_id) return undefined
  if (!isCount(exp) || !isCount(iat) || !isCount(nbf) || !isCount(gen)) return undefined
  return { claims: { iss, sub, aud, exp, iat, jti, client_id, scope, gen }, notBefore: nbf }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
