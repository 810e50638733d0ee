import {
  CHALLENGE_HEADER,
  type ChallengeError,
  CORRELATION_ID_HEADER,
  ERRORS,
  type ErrorName,
  errorDialect,
  formatChallenge,
  formatErrorBody,
  JSON_CONTENT_TYPE,
  RETRY_AFTER_HEADER,
  type Scope,
  STREAM_CLOSE_CODES,
} from '@interhuman-auth/protocol'
import { REFETCH_COOLDOWN_MS } from './key-set.ts'
import type { RefusalReason } from './refusal.ts'
import { selectSubprotocol } from './select-subprotocol.ts'

/** Why a request was denied: for the operator's log, never for the caller. */
export type DenialReason =
  | RefusalReason
  | 'credential_absent'
  | 'credential_malformed'
  | 'credentials_differ'
  | 'direct_key_not_accepted'
  | 'direct_key_in_subprotocol'
  | 'direct_key_with_origin'
  | 'direct_key_malformed'
  | 'direct_key_inactive'
  | 'scope'

/** A denied request: the answer as it leaves, and what only the operator sees. Printed, it shows nothing that the caller sent. */
export interface Denied {
  readonly granted: false
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The row of the catalogue that the body was made from. */
  readonly error: ErrorName
  readonly reason: DenialReason
  /** With `unavailable`: what could not be had, and why. */
  readonly detail?: string
  readonly correlationId: string
  /**
   * Only for a WebSocket handshake that is better accepted, told and closed with this code than refused: a browser
   * learns nothing from a refused one (our contract, section 4).
   */
  readonly closeCode?: number
  /** With `closeCode`: the subprotocol that the answer selects, if the handshake offered one. Not enumerable. */
  readonly subprotocol?: string
}

/** What makes a denial out of a reason. */
export interface DenialContext {
  readonly error: ErrorName
  readonly reason: DenialReason
  readonly detail?: string | undefined
  /** The scope that was needed. */
  readonly scope: Scope
  /** The path of the request: it decides which error body is spoken. */
  readonly path: string
  readonly correlationId: string
  readonly errorPage: string
  /** For a WebSocket handshake; the subprotocol that a good answer would have selected. */
  readonly handshake?: { readonly subprotocol: string | undefined } | undefined
}

/** Close codes of a stream (our contract, sections 2 and 4). */
const CLOSE_CODES: Partial<Record<ErrorName, number>> = STREAM_CLOSE_CODES

/** Writes the answer to a denied request: status, challenge, body and correlation id, never to be cached. */
export function formatDenial(context: DenialContext): Denied {
  const { error, reason, detail, scope, path, correlationId, errorPage, handshake } = context
  const row = ERRORS[error]
  const closeCode = handshake === undefined ? undefined : CLOSE_CODES[error]
  const subprotocol = closeCode === undefined ? undefined : handshake?.subprotocol
  const denied: Denied = {
    granted: false,
    status: row.status,
    headers: {
      'Content-Type': JSON_CONTENT_TYPE,
      'Cache-Control': 'no-store',
      [CORRELATION_ID_HEADER]: correlationId,
      ...formatNextStep(error, scope),
    },
    body: JSON.stringify(formatErrorBody(row, errorDialect(path), { correlationId, errorPage })),
    error,
    reason,
    correlationId,
    ...(detail !== undefined && { detail }),
    ...(closeCode !== undefined && { closeCode }),
  }
  return selectSubprotocol(denied, subprotocol)
}

/** No word when no credential came (RFC 6750 section 3.1). */
const CHALLENGE_WORDS: Partial<Record<ErrorName, ChallengeError>> = {
  invalidCredentials: 'invalid_token',
  clientTokenExpired: 'invalid_token',
  clientTokenInvalid: 'invalid_token',
  clientTokenRevoked: 'invalid_token',
  insufficientScope: 'insufficient_scope',
}

function formatNextStep(error: ErrorName, scope: Scope): Record<string, string> {
  if (error === 'unavailable') return { [RETRY_AFTER_HEADER]: String(REFETCH_COOLDOWN_MS / 1000) }
  const word = CHALLENGE_WORDS[error]
  return { [CHALLENGE_HEADER]: formatChallenge(word, word === 'insufficient_scope' ? scope : undefined) }
}
