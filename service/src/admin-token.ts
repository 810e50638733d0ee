import { timingSafeEqual } from 'node:crypto'
import { ADMIN_TOKEN_PREFIX, ERRORS } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'
import { hashSecret, isAlive } from './api-key.ts'
import { type RandomBytes, randomBase62 } from './base62.ts'
import { isSecret, newSecret } from './secret-format.ts'

/** The credential of the operator's API, as it is kept: everything but the token itself (our contract, section 10). */
export interface AdminToken {
  readonly adminTokenId: string
  /** So that the audit can say who. */
  readonly name: string
  /** SHA-256. */
  readonly tokenHash: Buffer
  /** Epoch seconds. */
  readonly createdAt: number
  /** Epoch seconds. */
  readonly expiresAt: number
  /** Epoch seconds, or `null` while it is not revoked. */
  readonly revokedAt: number | null
}

/** The life of an admin token unless told, in seconds: 90 days. */
export const DEFAULT_ADMIN_TOKEN_SECONDS = 90 * 24 * 3600
/** The longest life of an admin token, in seconds: a year. There is none without an end. */
export const MAX_ADMIN_TOKEN_SECONDS = 365 * 24 * 3600

const idPattern = /^ihat_[0-9A-Za-z]{20}$/

/** Says whether a value has the form of an admin token's id; only such a value may stand in a log line or an error. */
export function isAdminTokenId(value: string): boolean {
  return idPattern.test(value)
}

/** What makes an admin token. */
export interface AdminTokenCreation {
  readonly name: string
  /** Epoch seconds. */
  readonly createdAt: number
  /** Epoch seconds. */
  readonly expiresAt: number
}

/** Makes an admin token, and what is kept of it. */
export function createAdminToken(
  creation: AdminTokenCreation,
  randomBytes: RandomBytes,
): { readonly token: string; readonly kept: AdminToken } {
  const token = newSecret(ADMIN_TOKEN_PREFIX, randomBytes)
  const adminTokenId = `ihat_${randomBase62(20, randomBytes)}`
  return { token, kept: { ...creation, adminTokenId, tokenHash: hashSecret(token), revokedAt: null } }
}

/** Ends an admin token for ever. One that is revoked already is left as it is. */
export function revokeAdminToken(token: AdminToken, now: number): AdminToken {
  return token.revokedAt === null ? { ...token, revokedAt: now } : token
}

/** Says what has become of an admin token. */
export function adminTokenState(token: AdminToken, now: number): 'active' | 'expired' | 'revoked' {
  if (token.revokedAt !== null) return 'revoked'
  return isAlive(token.expiresAt, now) ? 'active' : 'expired'
}

/** How an admin token is found. */
export interface AdminTokenLookups {
  /** By its SHA-256. */
  findAdminToken(tokenHash: Buffer): Promise<AdminToken | undefined>
  /** Epoch seconds. */
  now(): number
}

/** Compared with where there is no such token, so that every request compares. */
const NO_HASH = Buffer.alloc(32)

/**
 * Authenticates whoever uses the operator's API. The store is asked each time, so that a revocation needs no cache to hear
 * of it; what has not the form of an admin token is refused before, so that no key and no other token passes here.
 *
 * @throws {ApiError} `ih2001`, the same for every cause.
 */
export async function authenticateAdmin(text: string, lookups: AdminTokenLookups): Promise<AdminToken> {
  if (!isSecret(text, ADMIN_TOKEN_PREFIX)) throw new ApiError(ERRORS.invalidCredentials)
  const hash = hashSecret(text)
  const found = await lookups.findAdminToken(hash)
  const isRight = timingSafeEqual(hash, found?.tokenHash ?? NO_HASH)
  if (found === undefined || !isRight || adminTokenState(found, lookups.now()) !== 'active')
    throw new ApiError(ERRORS.invalidCredentials)
  return found
}
