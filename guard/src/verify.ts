import {
  type AccessTokenClaims,
  type ClientTokenCaps,
  isAllowedOrigin,
  MAX_CLOCK_SKEW_SECONDS,
} from '@interhuman-auth/protocol'
import type { Introspection } from './introspection.ts'
import { parseJsonObject, parseJws } from './jws.ts'
import type { KeySource } from './key-source.ts'
import { type Refusal, type RefusalReason, type Refused, refuse, refuseUnknown } from './refusal.ts'
import type { RevocationSource } from './revocation-source.ts'
import { CLIENT_TOKEN, TOKEN_KINDS, type TokenKind } from './token-kind.ts'
import { proveByIntrospection, proveByKey } from './token-proof.ts'

export type { Refusal, RefusalReason }

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
export type Verification = VerifiedToken | Refused

/** What tokens are held to, whoever proves them. */
export interface TokenExpectations {
  /** The issuer of the tokens, compared letter for letter. */
  readonly issuer: string
  /** Compared letter for letter; the issuer unless told (our contract, section 3). */
  readonly audience?: string
  /** Clock difference that is forgiven, 0 to 60; 10 unless told. */
  readonly clockSkewSeconds?: number
  /**
   * Whether client tokens are taken; false unless told. Whoever sets it serves no request beyond the `caps` of its token:
   * sessions at once, bytes and seconds have to be counted there, for nothing else counts them (our contract, section 5).
   */
  readonly acceptClientTokens?: boolean
  /** `revocationFeed(…)`. Without it a token lives to its end, whatever becomes of its key (our contract, section 6). */
  readonly revocations?: RevocationSource
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** A verifier that checks signatures. */
export interface VerifierOptions extends TokenExpectations {
  /** `keySet(…)` or `sharedKeys(…)`. */
  readonly keys: KeySource
}

/** A verifier that asks the service about each token, for where the key set is empty (our contract, section 3). */
export interface IntrospectingVerifierOptions extends TokenExpectations {
  readonly keys?: undefined
  /** `introspection(…)`. */
  readonly introspection: Introspection
}

/**
 * Checks one token. Never rejects, whatever the string.
 *
 * @param origin the request's `Origin`, `null` where it has none. A client token that names origins is refused without.
 */
export type Verify = (token: string, origin?: string | null) => Promise<Verification>

/**
 * Makes the check of a token: form, `typ` (exactly `at+jwt` or `ct+jwt`, one string for one thing; the long form that
 * RFC 9068 allows is refused; a client token only where it is accepted), that the issuer made it (signature, algorithm as
 * the key has it; or introspection), issuer, audience, times, a client token's origins, and revocation: a dead signing key
 * before it is looked up, the rest last, so that nobody hears of a revocation but who has a token that is good otherwise.
 *
 * @see RFC 9068 section 4; RFC 8725 section 3; our contract, sections 3, 5 and 6
 * @throws {TypeError} when the issuer or the audience is empty, the clock skew is out of its bounds, or there is nothing
 *   to check tokens by.
 */
export function createVerifier(options: VerifierOptions | IntrospectingVerifierOptions): Verify {
  const { issuer, audience = issuer, clockSkewSeconds = 10, now = Date.now, revocations } = options
  const { acceptClientTokens = false } = options
  if (!isText(issuer) || !isText(audience)) throw new TypeError('issuer and audience must not be empty')
  if (!(clockSkewSeconds >= 0 && clockSkewSeconds <= MAX_CLOCK_SKEW_SECONDS))
    throw new TypeError(`clockSkewSeconds must be 0 to ${MAX_CLOCK_SKEW_SECONDS}`)
  if (options.keys === undefined && options.introspection === undefined)
    throw new TypeError('keys or introspection must be given')
  const asksService = options.keys === undefined
  const prove =
    options.keys === undefined
      ? proveByIntrospection(options.introspection)
      : proveByKey(options.keys, revocations)

  return async function verify(token, origin = null) {
    const parsed = parseJws(token)
    if ('problem' in parsed) return refuse(parsed.problem)
    const { jws } = parsed
    const kind = TOKEN_KINDS.get(jws.type)
    if (kind === undefined) return refuse('type')
    if (kind === CLIENT_TOKEN && acceptClientTokens !== true)
      return refuse('client_token_not_accepted', kind.invalid)
    if (revocations?.isDeadSigningKey(jws.kid)) return refuse('signing_key_revoked', kind.revoked)
    const checkClaims = () =>
      kind.checkClaims(parseJsonObject(jws.payload), {
        issuer,
        audience,
        clockSkewSeconds,
        now: Math.floor(now() / 1000),
      })
    const early = asksService ? checkClaims() : undefined
    // Not worth a question; and it is not called expired, since nobody has said that it was ever good.
    if (early !== undefined && 'problem' in early) return refuse(`claims_${early.problem}`, kind.invalid)
    const unproved = await prove(token, jws, kind)
    if (unproved !== undefined) return unproved
    const checked = checkClaims()
    if ('problem' in checked)
      return refuse(`claims_${checked.problem}`, checked.problem === 'expired' ? kind.expired : kind.invalid)
    if ('caps' in checked && !isAllowedOrigin(checked.caps, origin))
      return refuse('origin_not_allowed', kind.invalid)
    if (revocations === undefined) return checked
    return (await refuseRevoked(revocations, checked.claims, jws.kid, kind, asksService)) ?? checked
  }
}

/** @param provedNow whether the service itself has just said that it is good: then only what is known of can end it. */
async function refuseRevoked(
  revocations: RevocationSource,
  { sub: keyId, gen: generation, jti: tokenId }: AccessTokenClaims,
  kid: string,
  kind: TokenKind,
  provedNow: boolean,
): Promise<Refused | undefined> {
  if (!provedNow) await revocations.started
  // The signing key may have died while its signature was checked.
  if (revocations.isDeadSigningKey(kid)) return refuse('signing_key_revoked', kind.revoked)
  const token = { keyId, generation, tokenId }
  if (provedNow) {
    const reason = revocations.findReason(token)
    return reason === undefined ? undefined : refuse(reason, kind.revoked)
  }
  const answer = revocations.ask(token)
  if (answer.revoked === 'unknown') return refuseUnknown('revocations_unknown', answer.detail)
  return answer.revoked === false ? undefined : refuse(answer.revoked, kind.revoked)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
