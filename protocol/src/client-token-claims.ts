import {
  type AccessTokenClaims,
  type AccessTokenGrant,
  type ClaimExpectations,
  type ClaimProblem,
  checkClaims,
  formatClaims,
} from './claims.ts'
import { MAX_CLIENT_TOKEN_LIFETIME_SECONDS } from './client-token.ts'
import {
  type ClientTokenCaps,
  type ClientTokenCapsWire,
  formatClientTokenCaps,
  parseClientTokenCaps,
} from './client-token-caps.ts'

/** The `typ` of a client token's header; nothing else is a client token (our contract, section 3). */
export const CLIENT_TOKEN_TYPE = 'ct+jwt'

/** The claims of a client token: those of an access token and the caps in force (our contract, section 3). */
export type ClientTokenClaims = AccessTokenClaims & ClientTokenCapsWire

/** What differs from client token to client token. */
export interface ClientTokenGrant extends AccessTokenGrant {
  readonly lifetimeSeconds: number
  readonly caps: ClientTokenCaps
}

/** Writes the claims of a client token. */
export function formatClientTokenClaims(grant: ClientTokenGrant): ClientTokenClaims {
  return { ...formatClaims(grant, grant.lifetimeSeconds), ...formatClientTokenCaps(grant.caps) }
}

/** What became of the payload of a client token. */
export type CheckedClientTokenClaims =
  | { readonly claims: AccessTokenClaims; readonly caps: ClientTokenCaps }
  | { readonly problem: ClaimProblem }

/**
 * Checks the decoded payload of a client token as that of an access token is, with its own longest life, and reads its
 * caps; one that cannot be read is refused.
 *
 * @see Our contract, sections 3 and 5
 */
export function checkClientTokenClaims(
  payload: unknown,
  expected: ClaimExpectations,
): CheckedClientTokenClaims {
  const checked = checkClaims(payload, expected, MAX_CLIENT_TOKEN_LIFETIME_SECONDS)
  if ('problem' in checked) return checked
  const caps = parseClientTokenCaps(payload as object)
  return caps === undefined ? { problem: 'malformed' } : { claims: checked.claims, caps }
}
