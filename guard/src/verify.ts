import {
  ACCESS_TOKEN_TYPE,
  type AccessTokenClaims,
  type ClaimProblem,
  checkAccessTokenClaims,
  type ErrorName,
  MAX_CLOCK_SKEW_SECONDS,
} from '@interhuman-auth/protocol'
import { type JwsProblem, parseJsonObject, parseJws } from './jws.ts'
import type { KeyLookup, KeySource } from './key-source.ts'

/** Why a token was refused: for the operator's log, never for the caller. */
export type RefusalReason =
  | JwsProblem
  | 'type'
  | 'key_unknown'
  | 'key_unavailable'
  | 'signature'
  | `claims_${ClaimProblem}`

/** A refusal: the row of the catalogue that the caller may see, and what only the operator sees. Never holds the token. */
export interface Refusal {
  readonly error: Extract<ErrorName, 'invalidCredentials' | 'unavailable'>
  readonly reason: RefusalReason
  /** With `key_unavailable`: what became of the fetch. */
  readonly detail?: string
}

/** What became of a token: its claims, or a refusal. */
export type Verification = { readonly claims: AccessTokenClaims } | { readonly refusal: Refusal }

/** What tokens are held to. */
export interface VerifierOptions {
  /** The issuer of the tokens, compared letter for letter. */
  readonly issuer: string
  /** Compared letter for letter; the issuer unless told (our contract, section 3). */
  readonly audience?: string
  /** `keySet(…)` or `sharedKeys(…)`. */
  readonly keys: KeySource
  /** Clock difference that is forgiven, 0 to 60; 10 unless told. */
  readonly clockSkewSeconds?: number
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** Checks one access token. Never rejects, whatever the string. */
export type Verify = (token: string) => Promise<Verification>

/**
 * Makes the check of an access token: form, `typ` (exactly `at+jwt`, one string for one thing; the long form that
 * RFC 9068 allows is refused), algorithm as the key has it, signature, issuer, audience, times. Revocation is not
 * asked: the claims carry `gen` for whoever does.
 *
 * @see RFC 9068 section 4; RFC 8725 section 3; our contract, section 3
 * @throws {TypeError} when the issuer or the audience is empty or the clock skew is out of its bounds.
 */
export function createVerifier(options: VerifierOptions): Verify {
  const { issuer, audience = issuer, keys, clockSkewSeconds = 10, now = Date.now } = options
  if (!isText(issuer) || !isText(audience)) throw new TypeError('issuer and audience must not be empty')
  if (!(clockSkewSeconds >= 0 && clockSkewSeconds <= MAX_CLOCK_SKEW_SECONDS))
    throw new TypeError(`clockSkewSeconds must be 0 to ${MAX_CLOCK_SKEW_SECONDS}`)

  return async function verify(token) {
    const parsed = parseJws(token)
    if ('problem' in parsed) return refuse(parsed.problem)
    const { jws } = parsed
    if (jws.type !== ACCESS_TOKEN_TYPE) return refuse('type')
    const lookup = await keys.find(jws.kid)
    if (!('key' in lookup)) return refuseWithoutKey(lookup)
    if (lookup.key.algorithm !== jws.algorithm) return refuse('algorithm')
    if (!lookup.key.matches(jws.signed, jws.signature)) return refuse('signature')
    const seconds = Math.floor(now() / 1000)
    const checked = checkAccessTokenClaims(parseJsonObject(jws.payload), {
      issuer,
      audience,
      now: seconds,
      clockSkewSeconds,
    })
    return 'claims' in checked ? checked : refuse(`claims_${checked.problem}`)
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function refuse(reason: RefusalReason): Verification {
  return { refusal: { error: 'invalidCredentials', reason } }
}

function refuseWithoutKey(lookup: Exclude<KeyLookup, { key: unknown }>): Verification {
  if (lookup.missing === 'unknown') return refuse('key_unknown')
  return { refusal: { error: 'unavailable', reason: 'key_unavailable', detail: lookup.detail } }
}
