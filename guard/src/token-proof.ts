import { API_KEY_TOKEN_TYPE } from '@interhuman-auth/protocol'
import type { Introspection } from './introspection.ts'
import type { ParsedJws } from './jws.ts'
import type { KeySource } from './key-source.ts'
import { type Refused, refuse, refuseUnknown } from './refusal.ts'
import type { RevocationSource } from './revocation-source.ts'
import type { TokenKind } from './token-kind.ts'

/** Proves that the issuer made a token, or refuses it; the claims are not looked at. Never rejects. */
export type TokenProof = (token: string, jws: ParsedJws, kind: TokenKind) => Promise<Refused | undefined>

/**
 * Proves a token by its signature. The key decides the algorithm (RFC 8725 section 3.1).
 *
 * @param revocations tells that another key signs, since one is dead. A dead key itself is refused by whoever asks.
 */
export function proveByKey(keys: KeySource, revocations?: RevocationSource): TokenProof {
  return async (_token, jws, kind) => {
    const lookup = await keys.find(jws.kid, revocations?.deadSigningKeyCount())
    if ('missing' in lookup)
      return lookup.missing === 'unknown'
        ? refuse('key_unknown', kind.invalid)
        : refuseUnknown('key_unavailable', lookup.detail)
    if (lookup.key.algorithm !== jws.algorithm) return refuse('algorithm', kind.invalid)
    return lookup.key.matches(jws.signed, jws.signature) ? undefined : refuse('signature', kind.invalid)
  }
}

/**
 * Proves a token by asking the service about this very string: the way where the key set is empty. What the token says is
 * then believed, and held to all that a token with a signature is held to.
 *
 * @see RFC 7662; our contract, section 3
 */
export function proveByIntrospection(introspection: Introspection): TokenProof {
  return async (token, _jws, kind) => {
    const answer = await introspection.ask(token)
    if (answer.is === 'unavailable') return refuseUnknown('introspection_unavailable', answer.detail)
    const proved = answer.is === 'active' && answer.credential.token_type !== API_KEY_TOKEN_TYPE
    return proved ? undefined : refuse('introspection_inactive', kind.invalid)
  }
}
