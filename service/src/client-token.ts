import type { KeyObject } from 'node:crypto'
import {
  type ClientTokenGrant,
  ERRORS,
  formatClientTokenClaims,
  formatScope,
  type IssuedClientToken,
  MAX_CLIENT_TOKEN_LIFETIME_SECONDS,
  MAX_CLOCK_SKEW_SECONDS,
  MAX_TOKEN_LENGTH,
  MIN_CLIENT_TOKEN_LIFETIME_SECONDS,
} from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'
import type { AuditEntry } from './audit.ts'
import { authorizeScopes } from './authenticate-key.ts'
import type { RandomBytes } from './base62.ts'
import { newClientTokenId, parseClientTokenId } from './client-token-id.ts'
import type { ClientTokenAsked } from './client-token-request.ts'
import type { ClientTokenRevocationAsked } from './client-token-revocation-request.ts'
import type { SignJwt } from './jwt-signer.ts'
import { authenticateCredential, type KeyLookups } from './key-credential.ts'
import type { KeyLimits } from './limits/key-limits.ts'
import type { KeySeen } from './usage.ts'

/** What is to be signed. */
export type ClientTokenSignRequest = Omit<ClientTokenGrant, 'issuer' | 'audience'>

/**
 * Makes the function that signs client tokens (our contract, section 3).
 *
 * @param signJwt signs with the key whose turn it is at each call, as a token of `ct+jwt`.
 */
export function createClientTokenSigner(
  signJwt: SignJwt,
  context: { readonly issuer: string; readonly audience: string },
): (request: ClientTokenSignRequest) => string {
  const { issuer, audience } = context
  return (request) => signJwt(formatClientTokenClaims({ ...request, issuer, audience }))
}

/** What issuing needs from outside. */
export interface IssueClientTokenDependencies extends KeyLookups {
  drawQuota: KeyLimits['drawQuota']
  /** Tags the ids of the tokens that are issued. */
  readonly tokenIdKey: KeyObject
  readonly randomBytes: RandomBytes
  signClientToken(request: ClientTokenSignRequest): string
}

/** How long a token may be is known; how much of it issuer and audience take is not, so it is measured. */
const TOO_LONG = {
  allowed_origins: `must be fewer or shorter: the token would be longer than ${MAX_TOKEN_LENGTH} characters`,
}

/** A client token, and the key that it was issued for. */
export interface ClientTokenOfKey {
  readonly keyId: string
  readonly issued: IssuedClientToken
}

/**
 * Issues a client token for an API key: authenticate, authorize, sign. Nothing is written.
 *
 * @param seen is told which key it is.
 * @throws {ApiError} `ih2001` when the key does not authenticate, `ih2003` when it lacks one of the scopes, `ia9008` when the origins
 *   make the token longer than a guard looks at.
 * @see Our contract, section 5
 */
export async function issueClientToken(
  asked: ClientTokenAsked,
  dependencies: IssueClientTokenDependencies,
  seen?: KeySeen,
): Promise<ClientTokenOfKey> {
  const { scopes, caps } = asked
  const key = await authenticateCredential(asked.credential, dependencies, seen)
  authorizeScopes(key, scopes)
  dependencies.drawQuota(key.keyId)
  const { keyId, generation } = key
  const lifetimeSeconds = clampLifetime(asked.expiresInSeconds)
  const issuedAt = dependencies.now()
  const expiresAt = issuedAt + lifetimeSeconds
  const tokenId = newClientTokenId({ keyId, expiresAt }, dependencies)
  const scope = formatScope(scopes)
  const token = dependencies.signClientToken({
    keyId,
    generation,
    scope,
    tokenId,
    issuedAt,
    lifetimeSeconds,
    caps,
  })
  if (token.length > MAX_TOKEN_LENGTH) throw new ApiError(ERRORS.fieldInvalid, { problems: TOO_LONG })
  return { keyId, issued: { token, tokenId, scopes, lifetimeSeconds, expiresAt, caps } }
}

/** Whole seconds within the bounds of our contract, section 5. */
function clampLifetime(seconds: number): number {
  const whole = Math.floor(seconds)
  return Math.min(Math.max(whole, MIN_CLIENT_TOKEN_LIFETIME_SECONDS), MAX_CLIENT_TOKEN_LIFETIME_SECONDS)
}

/** A token that is dead before its time. */
export interface TokenRevocation {
  readonly tokenId: string
  /** Epoch seconds. */
  readonly revokedAt: number
  /** From when on every checker refuses the token by itself, in epoch seconds. */
  readonly expiresAt: number
}

/** What revoking needs from outside. */
export interface RevokeClientTokenDependencies extends KeyLookups {
  /** The one that they were issued with. */
  readonly tokenIdKey: KeyObject
  revokeToken(revocation: TokenRevocation, audit: AuditEntry): Promise<void>
}

/**
 * Revokes a client token of a key. One of another key, one whose time is over and what was never issued here are left
 * alone, and nobody is told which it was.
 *
 * @param origin the client's address, for the audit.
 * @param seen is told which key it is.
 * @returns the id of the key.
 * @throws {ApiError} `ih2001` when the key does not authenticate.
 * @see RFC 7009 section 2.2; our contract, section 5
 */
export async function revokeClientToken(
  asked: ClientTokenRevocationAsked,
  origin: string,
  dependencies: RevokeClientTokenDependencies,
  seen?: KeySeen,
): Promise<string> {
  const { keyId } = await authenticateCredential(asked.credential, dependencies, seen)
  const { tokenId = '' } = asked
  const identity = parseClientTokenId(tokenId, dependencies.tokenIdKey)
  if (identity === undefined || identity.keyId !== keyId) return keyId
  const now = dependencies.now()
  const expiresAt = identity.expiresAt + MAX_CLOCK_SKEW_SECONDS
  if (expiresAt > now)
    await dependencies.revokeToken(
      { tokenId, revokedAt: now, expiresAt },
      {
        at: now,
        actor: `key:${keyId}`,
        origin,
        action: 'client_token.revoke',
        subject: tokenId,
        detail: { key_id: keyId, expires_at: identity.expiresAt },
        before: null,
        after: null,
      },
    )
  return keyId
}
