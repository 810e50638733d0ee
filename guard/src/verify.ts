import {
  ACCESS_TOKEN_TYPE,
  type AccessTokenClaims,
  type CheckedClaims,
  type CheckedClientTokenClaims,
  CLIENT_TOKEN_TYPE,
  type ClaimExpectations,
  type ClaimProblem,
  type ClientTokenCaps,
  checkAccessTokenClaims,
  checkClientTokenClaims,
  type ErrorName,
  isAllowedOrigin,
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
  | 'client_token_not_accepted'
  | 'origin_not_allowed'

type TokenError = Extract<ErrorName, 'invalidCredentials' | 'clientTokenInvalid' | 'clientTokenExpired'>

/** A refusal: the row of the catalogue that the caller may see, and what only the operator sees. Never holds the token. */
export interface Refusal {
  readonly error: TokenError | 'unavailable'
  readonly reason: RefusalReason
  /** With `key_unavailable`: what became of the fetch. */
  readonly detail?: string
}

/** A good token. */
export interface VerifiedToken {
  readonly claims: AccessTokenClaims
  /**
   * Of a client token only: what it may be used for at most. Its origins were checked; counting sessions, bytes and
   * seconds is for whoever serves the request (our contract, section 5).
   */
  readonly caps?: ClientTokenCaps
}

/** What became of a token: its claims, or a refusal. */
export type Verification = VerifiedToken | { readonly refusal: Refusal }

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
  /**
   * Whether client tokens are taken; false unless told. Whoever sets it serves no request beyond the `caps` of its token:
   * sessions at once, bytes and seconds have to be counted there, for nothing else counts them (our contract, section 5).
   */
  readonly acceptClientTokens?: boolean
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/**
 * Checks one token. Never rejects, whatever the string.
 *
 * @param origin the request's `Origin`, `null` where it has none. A client token that names origins is refused without.
 */
export type Verify = (token: string, origin?: string | null) => Promise<Verification>

/** What a `typ` stands for: how its claims are checked, and what a caller hears of one that is not good. */
interface TokenKind {
  readonly checkClaims: (
    payload: unknown,
    expected: ClaimExpectations,
  ) => CheckedClaims | CheckedClientTokenClaims
  readonly invalid: TokenError
  readonly expired: TokenError
}

const ACCESS_TOKEN: TokenKind = {
  checkClaims: checkAccessTokenClaims,
  invalid: 'invalidCredentials',
  expired: 'invalidCredentials',
}

const CLIENT_TOKEN: TokenKind = {
  checkClaims: checkClientTokenClaims,
  invalid: 'clientTokenInvalid',
  expired: 'clientTokenExpired',
}

const KINDS: ReadonlyMap<unknown, TokenKind> = new Map([
  [ACCESS_TOKEN_TYPE, ACCESS_TOKEN],
  [CLIENT_TOKEN_TYPE, CLIENT_TOKEN],
])

/**
 * Makes the check of a token: form, `typ` (exactly `at+jwt` or `ct+jwt`, one string for one thing; the long form that
 * RFC 9068 allows is refused; a client token only where it is accepted), algorithm as the key has it, signature, issuer,
 * audience, times, and a client token's origins. Revocation is not asked yet: the claims carry `gen` and `jti`, and once there is a feed it is asked behind the
 * claims, before a token counts as good.
 *
 * @see RFC 9068 section 4; RFC 8725 section 3; our contract, sections 3 and 5
 * @throws {TypeError} when the issuer or the audience is empty or the clock skew is out of its bounds.
 */
export function createVerifier(options: VerifierOptions): Verify {
  const { issuer, audience = issuer, keys, clockSkewSeconds = 10, now = Date.now } = options
  const { acceptClientTokens = false } = options
  if (!isText(issuer) || !isText(audience)) throw new TypeError('issuer and audience must not be empty')
  if (!(clockSkewSeconds >= 0 && clockSkewSeconds <= MAX_CLOCK_SKEW_SECONDS))
    throw new TypeError(`clockSkewSeconds must be 0 to ${MAX_CLOCK_SKEW_SECONDS}`)

  return async function verify(token, origin = null) {
    const parsed = parseJws(token)
    if ('problem' in parsed) return refuse(parsed.problem)
    const { jws } = parsed
    const kind = KINDS.get(jws.type)
    if (kind === undefined) return refuse('type')
    if (kind === CLIENT_TOKEN && acceptClientTokens !== true)
      return refuse('client_token_not_accepted', kind.invalid)
    const lookup = await keys.find(jws.kid)
    if (!('key' in lookup)) return refuseWithoutKey(lookup, kind)
    if (lookup.key.algorithm !== jws.algorithm) return refuse('algorithm', kind.invalid)
    if (!lookup.key.matches(jws.signed, jws.signature)) return refuse('signature', kind.invalid)
    const seconds = Math.floor(now() / 1000)
    const expected = { issuer, audience, now: seconds, clockSkewSeconds }
    const checked = kind.checkClaims(parseJsonObject(jws.payload), expected)
    if ('problem' in checked)
      return refuse(`claims_${checked.problem}`, checked.problem === 'expired' ? kind.expired : kind.invalid)
    if ('caps' in checked && !isAllowedOrigin(checked.caps, origin))
      return refuse('origin_not_allowed', kind.invalid)
    return checked
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function refuse(reason: RefusalReason, error: TokenError = 'invalidCredentials'): Verification {
  return { refusal: { error, reason } }
}

function refuseWithoutKey(lookup: Exclude<KeyLookup, { key: unknown }>, kind: TokenKind): Verification {
  if (lookup.missing === 'unknown') return refuse('key_unknown', kind.invalid)
  return { refusal: { error: 'unavailable', reason: 'key_unavailable', detail: lookup.detail } }
}
