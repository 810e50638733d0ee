import {
  type ActiveIntrospectionResponse,
  API_KEY_TOKEN_TYPE,
  AUTHORIZATION_HEADER,
  KEY_SECRET_PREFIX,
} from '@interhuman-auth/protocol'
import type { DenialContext } from './denial.ts'
import type { Introspection } from './introspection.ts'
import type { RevocationSource } from './revocation-source.ts'

/** What is known of an API key in direct use: of a token's claims those that a key has. */
export interface DirectKeyClaims {
  readonly iss: string
  /** The key id. */
  readonly sub: string
  readonly aud: string
  /** The key id. */
  readonly client_id: string
  /** Space-separated. */
  readonly scope: string
  /** The key's generation. */
  readonly gen: number
  /** When the key, or this secret of it, ends: epoch seconds; absent if it does not end by itself. */
  readonly exp?: number
}

/** One use of an API key as a bearer. */
export interface DirectUse {
  readonly keyId: string
}

/** What direct keys are held to. */
export interface DirectKeyExpectations {
  readonly issuer: string
  readonly audience: string
  readonly introspection: Introspection
  readonly revocations: RevocationSource | undefined
  readonly now: () => number
}

/** How a request carries a direct key. */
export interface DirectKeyUse {
  readonly secret: string
  /** Whether it came as a subprotocol, alone or in the pair. */
  readonly inSubprotocol: boolean
  /** The request's `Origin`, `null` where it has none. */
  readonly origin: string | null
}

/** The headers that nobody behind the guard may see when the credential was a key itself. */
export const DIRECT_KEY_HEADERS: readonly string[] = [AUTHORIZATION_HEADER.toLowerCase()]

const secretPattern = new RegExp(`^${KEY_SECRET_PREFIX}[0-9A-Za-z]{49}$`)

/** Says whether a credential is an API key itself, good or not, and no token. */
export function isDirectKey(credential: string): boolean {
  return credential.startsWith(KEY_SECRET_PREFIX)
}

/**
 * Judges an API key in direct use: never in a subprotocol and never with an `Origin`, since no page may hold a permanent
 * secret; known to the service as a key that may be used so, of this issuer and for this audience. Never rejects.
 *
 * @see Our contract, section 4
 */
export async function judgeDirectKey(
  { secret, inSubprotocol, origin }: DirectKeyUse,
  expected: DirectKeyExpectations,
): Promise<{ readonly claims: DirectKeyClaims } | Pick<DenialContext, 'error' | 'reason' | 'detail'>> {
  if (inSubprotocol) return { error: 'invalidCredentials', reason: 'direct_key_in_subprotocol' }
  if (origin !== null) return { error: 'invalidCredentials', reason: 'direct_key_with_origin' }
  if (!secretPattern.test(secret)) return { error: 'invalidCredentials', reason: 'direct_key_malformed' }
  const answer = await expected.introspection.ask(secret)
  if (answer.is === 'unavailable')
    return { error: 'unavailable', reason: 'introspection_unavailable', detail: answer.detail }
  if (answer.is === 'inactive') return { error: 'invalidCredentials', reason: 'direct_key_inactive' }
  const reason = findReason(answer.credential, expected)
  if (reason !== undefined) return { error: 'invalidCredentials', reason }
  const { iss, sub, aud, client_id, scope, gen, exp } = answer.credential
  return { claims: { iss, sub, aud, client_id, scope, gen, ...(exp !== undefined && { exp }) } }
}

function findReason(
  { token_type, iss, aud, sub, gen, exp }: ActiveIntrospectionResponse,
  { issuer, audience, revocations, now }: DirectKeyExpectations,
): DenialContext['reason'] | undefined {
  if (token_type !== API_KEY_TOKEN_TYPE) return 'direct_key_inactive'
  if (iss !== issuer) return 'claims_issuer'
  if (aud !== audience) return 'claims_audience'
  if (exp !== undefined && now() >= exp * 1000) return 'claims_expired'
  return revocations?.findReason({ keyId: sub, generation: gen, tokenId: '' })
}
