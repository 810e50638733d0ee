import type { ClaimProblem, ErrorName } from '@interhuman-auth/protocol'
import type { JwsProblem } from './jws.ts'
import type { RevocationReason } from './revocations.ts'

/** Why a token was refused: for the operator's log, never for the caller. */
export type RefusalReason =
  | JwsProblem
  | 'type'
  | 'key_unknown'
  | 'key_unavailable'
  | 'signature'
  | `claims_${ClaimProblem}`
  | 'client_token_not_accepted'
  | 'origin_not_allowed'
  | RevocationReason
  | 'revocations_unknown'
  | 'introspection_inactive'
  | 'introspection_unavailable'

/** What a caller may hear of a token that is refused. */
export type TokenError = Extract<
  ErrorName,
  'invalidCredentials' | 'clientTokenInvalid' | 'clientTokenExpired' | 'clientTokenRevoked'
>

/** A refusal: the row of the catalogue that the caller may see, and what only the operator sees. Never holds the token. */
export interface Refusal {
  readonly error: TokenError | 'unavailable'
  readonly reason: RefusalReason
  /** With `unavailable`: what could not be had, and why. */
  readonly detail?: string
}

/** A refusal as the verifier gives it. */
export interface Refused {
  readonly refusal: Refusal
}

/** Refuses a token. */
export function refuse(reason: RefusalReason, error: TokenError = 'invalidCredentials'): Refused {
  return { refusal: { error, reason } }
}

/** Refuses to say anything of a token: what decides cannot be had now. */
export function refuseUnknown(reason: RefusalReason, detail: string): Refused {
  return { refusal: { error: 'unavailable', reason, detail } }
}
