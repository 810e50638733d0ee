import { formatScope, type Scope } from '@interhuman-auth/protocol'
import { hashSecret } from './api-key.ts'
import type { AuthRequest } from './auth-request.ts'
import { authenticateKey, authorizeScopes, type KeyCredentials } from './authenticate-key.ts'
import type { KeyLimits } from './limits/key-limits.ts'
import type { KeySeen } from './usage.ts'

/** What is to be signed. */
export interface AccessTokenRequest {
  readonly keyId: string
  readonly generation: number
  /** Space-separated. */
  readonly scope: string
  /** Epoch seconds. */
  readonly issuedAt: number
}

/** What issuing needs from outside. */
export interface IssueTokenDependencies extends KeyLimits {
  findKeyCredentials(keyId: string): Promise<KeyCredentials | undefined>
  signAccessToken(request: AccessTokenRequest): string
  /** Epoch seconds. */
  now(): number
}

/** An access token and what it was issued for. */
export interface IssuedToken {
  readonly accessToken: string
  readonly scopes: readonly Scope[]
}

/**
 * Exchanges an API key for an access token: authenticate, authorize, sign.
 *
 * @param seen is told which key it is.
 * @throws {ApiError} `ih2001` when the key does not authenticate, `ih2003` when it lacks one of the scopes,
 *   `ih3001` and `ih3003` when it has asked too often.
 */
export async function issueToken(
  request: AuthRequest,
  dependencies: IssueTokenDependencies,
  seen?: KeySeen,
): Promise<IssuedToken> {
  const found = await dependencies.findKeyCredentials(request.keyId)
  const now = dependencies.now()
  const key = authenticateKey(found, hashSecret(request.keySecret), now, seen)
  const admitted = dependencies.admitKey(key.keyId)
  if (admitted !== undefined) await admitted
  authorizeScopes(key, request.scopes)
  dependencies.drawQuota(key.keyId)
  const accessToken = dependencies.signAccessToken({
    keyId: key.keyId,
    generation: key.generation,
    scope: formatScope(request.scopes),
    issuedAt: now,
  })
  return { accessToken, scopes: request.scopes }
}
