import { timingSafeEqual } from 'node:crypto'
import {
  type ActiveIntrospectionResponse,
  API_KEY_TOKEN_TYPE,
  type ClientTokenCapsWire,
  formatClientTokenCaps,
  formatScope,
  KEY_SECRET_PREFIX,
  TOKEN_TYPE,
} from '@interhuman-auth/protocol'
import { hashSecret, isAlive } from './api-key.ts'
import { isKeyAlive, type KeyCredentials } from './authenticate-key.ts'
import { TOKEN_PARAMETERS } from './oauth-token-parameters.ts'
import { isSecret } from './secret-format.ts'
import type { KeySeen } from './usage.ts'
import { type VerifyTokenDependencies, verifyToken } from './verify-token.ts'

/** The form of a question about a credential as JSON Schema (RFC 7662 section 2.1). */
export const INTROSPECTION_REQUEST_SCHEMA = {
  type: 'object',
  required: ['token'],
  properties: TOKEN_PARAMETERS,
} as const

/** What is said of a credential that is good: of a token its claims, of a client token its caps as well. */
export type Introspected = ActiveIntrospectionResponse &
  ClientTokenCapsWire & {
    /** Epoch seconds. */
    readonly iat?: number
    readonly jti?: string
  }

/** What introspection needs from outside. */
export interface IntrospectDependencies extends VerifyTokenDependencies {
  findKeyCredentials(keyId: string): Promise<KeyCredentials | undefined>
  findKeyCredentialsBySecret(secretHash: Buffer): Promise<KeyCredentials | undefined>
  /** Whether a token was ended before its time. */
  isTokenRevoked(tokenId: string): Promise<boolean>
}

/**
 * Says what a credential is good for now: an access token, a client token, or an API key that may be used directly.
 * `undefined` for everything else, and never why.
 *
 * @param seen is told which key it is, and which of its secrets: only of one that may be used directly, and is good.
 * @see RFC 7662 section 2.2; our contract, section 6
 */
export async function introspect(
  credential: string,
  dependencies: IntrospectDependencies,
  seen?: KeySeen,
): Promise<Introspected | undefined> {
  return isSecret(credential, KEY_SECRET_PREFIX)
    ? introspectKey(credential, dependencies, seen)
    : introspectToken(credential, dependencies)
}

async function introspectToken(
  token: string,
  dependencies: IntrospectDependencies,
): Promise<Introspected | undefined> {
  const own = verifyToken(token, dependencies)
  if (own === undefined) return undefined
  const { claims, caps } = own
  const key = await dependencies.findKeyCredentials(claims.client_id)
  if (key === undefined || !isKeyAlive(key, dependencies.now()) || claims.gen < key.generation)
    return undefined
  if (await dependencies.isTokenRevoked(claims.jti)) return undefined
  return {
    active: true,
    token_type: TOKEN_TYPE,
    ...claims,
    ...(caps !== undefined && formatClientTokenCaps(caps)),
  }
}

/** By the same comparisons as wherever a key authenticates; of the overlap's older secret the end is the overlap's. */
async function introspectKey(
  secret: string,
  dependencies: IntrospectDependencies,
  seen: KeySeen | undefined,
): Promise<Introspected | undefined> {
  const secretHash = hashSecret(secret)
  const now = dependencies.now()
  const key = await dependencies.findKeyCredentialsBySecret(secretHash)
  if (key === undefined || !key.direct || !isKeyAlive(key, now)) return undefined
  const current = timingSafeEqual(secretHash, key.secretHash)
  const { previousSecretHash, previousSecretExpiresAt } = key
  const previous = previousSecretHash !== null && timingSafeEqual(secretHash, previousSecretHash)
  if (!current && !(previous && isAlive(previousSecretExpiresAt, now))) return undefined
  if (seen !== undefined) {
    seen.knownKeyId = key.keyId
    seen.secretNumber = current ? key.secretNumber : (key.previousSecretNumber ?? 0)
  }
  const ends = [key.expiresAt, current ? null : previousSecretExpiresAt].filter((end) => end !== null)
  return {
    active: true,
    token_type: API_KEY_TOKEN_TYPE,
    scope: formatScope(key.scopes),
    client_id: key.keyId,
    sub: key.keyId,
    gen: key.generation,
    iss: dependencies.issuer,
    aud: dependencies.audience,
    ...(ends.length > 0 && { exp: Math.min(...ends) }),
  }
}
