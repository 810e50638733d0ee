import { timingSafeEqual } from 'node:crypto'
import { ERRORS, formatScope, type Scope } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'
import { hashSecret, isAlive, type KeyState } from './api-key.ts'
import type { AuthRequest } from './auth-request.ts'

/** What the exchange asks of a key, flat, as one look-up gives it. */
export interface KeyCredentials {
  readonly keyId: string
  readonly scopes: readonly Scope[]
  readonly state: KeyState
  readonly generation: number
  /** Epoch seconds, or `null` for never. */
  readonly expiresAt: number | null
  /** SHA-256. */
  readonly secretHash: Buffer
  /** SHA-256 of the secret that a rotation lets live on, or `null`. */
  readonly previousSecretHash: Buffer | null
  /** Epoch seconds. */
  readonly previousSecretExpiresAt: number | null
}

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
export interface IssueTokenDependencies {
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

/** Stands in for a key that does not exist, so that an unknown id costs what a wrong secret costs. */
const NO_KEY: KeyCredentials = {
  keyId: '',
  scopes: [],
  state: 'revoked',
  generation: 0,
  expiresAt: 0,
  secretHash: Buffer.alloc(32),
  previousSecretHash: null,
  previousSecretExpiresAt: null,
}

/** Compared with where there is no second secret, so that every request compares twice. */
const NO_HASH = Buffer.alloc(32)

/**
 * Exchanges an API key for an access token: authenticate, authorize, sign.
 *
 * Every cause of a 401 takes the same path with the same hash work (our contract, section 1).
 *
 * @throws {ApiError} `ih2001` when the key does not authenticate, `ih2003` when it lacks one of the scopes.
 */
export async function issueToken(
  request: AuthRequest,
  dependencies: IssueTokenDependencies,
): Promise<IssuedToken> {
  const key = (await dependencies.findKeyCredentials(request.keyId)) ?? NO_KEY
  const now = dependencies.now()
  if (!authenticates(key, request.keySecret, now)) throw new ApiError(ERRORS.invalidCredentials)
  if (!request.scopes.every((scope) => key.scopes.includes(scope)))
    throw new ApiError(ERRORS.insufficientScope)
  const accessToken = dependencies.signAccessToken({
    keyId: key.keyId,
    generation: key.generation,
    scope: formatScope(request.scopes),
    issuedAt: now,
  })
  return { accessToken, scopes: request.scopes }
}

function authenticates(key: KeyCredentials, secret: string, now: number): boolean {
  const given = hashSecret(secret)
  const current = timingSafeEqual(given, key.secretHash)
  const previous = timingSafeEqual(given, key.previousSecretHash ?? NO_HASH)
  const previousAlive = key.previousSecretHash !== null && isAlive(key.previousSecretExpiresAt, now)
  const usable = key.state === 'active' && isAlive(key.expiresAt, now)
  return usable && (current || (previous && previousAlive))
}
