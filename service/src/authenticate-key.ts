import { timingSafeEqual } from 'node:crypto'
import { ERRORS, type Scope } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'
import { isAlive, type KeyState } from './api-key.ts'
import type { KeySeen } from './usage.ts'

/** What authenticating asks of a key, flat, as one look-up gives it. */
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
  /** Whether the secret itself may be used as a bearer credential. */
  readonly direct: boolean
  /** Of the key's last change. */
  readonly revision: number
  /** Which secret of the key it is, counted from 1. */
  readonly secretNumber: number
  readonly previousSecretNumber: number | null
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
  direct: false,
  revision: 0,
  secretNumber: 1,
  previousSecretNumber: null,
}

/** Compared with where there is no second secret, so that every request compares twice. */
const NO_HASH = Buffer.alloc(32)

/**
 * Gives back the key that was looked up if the secret is its own and both are alive. Every cause of a 401 takes the same
 * path with the same comparisons (our contract, section 1).
 *
 * @param found what the look-up gave, `undefined` for nothing.
 * @param secretHash SHA-256 of the secret that came.
 * @param now epoch seconds.
 * @param seen is told which key that is, and which of its secrets was right.
 * @throws {ApiError} `ih2001` when the key does not authenticate.
 */
export function authenticateKey(
  found: KeyCredentials | undefined,
  secretHash: Buffer,
  now: number,
  seen?: KeySeen,
): KeyCredentials {
  const key = found ?? NO_KEY
  const current = timingSafeEqual(secretHash, key.secretHash)
  const previous = timingSafeEqual(secretHash, key.previousSecretHash ?? NO_HASH)
  if (seen !== undefined) seen.knownKeyId = key.keyId
  const previousAlive = key.previousSecretHash !== null && isAlive(key.previousSecretExpiresAt, now)
  if (!isKeyAlive(key, now) || !(current || (previous && previousAlive)))
    throw new ApiError(ERRORS.invalidCredentials)
  if (seen !== undefined) seen.secretNumber = current ? key.secretNumber : (key.previousSecretNumber ?? 0)
  return key
}

/** Says whether a key may be used at all. */
export function isKeyAlive(key: KeyCredentials, now: number): boolean {
  return key.state === 'active' && isAlive(key.expiresAt, now)
}

/**
 * Refuses a request for a scope that the key does not hold, and with it the whole request (our contract, section 1).
 *
 * @throws {ApiError} `ih2003`
 */
export function authorizeScopes(key: KeyCredentials, scopes: readonly Scope[]): void {
  if (!scopes.every((scope) => key.scopes.includes(scope))) throw new ApiError(ERRORS.insufficientScope)
}

/**
 * Copies a key for whoever remembers it. A small buffer is a piece of a pool of 64 KB, all of which would stay for as long
 * as one of its pieces does.
 */
export function keepApart(key: KeyCredentials): KeyCredentials {
  const { secretHash, previousSecretHash } = key
  return {
    ...key,
    secretHash: copyOf(secretHash),
    previousSecretHash: previousSecretHash && copyOf(previousSecretHash),
  }
}

const copyOf = (bytes: Buffer) => Buffer.alloc(bytes.length, bytes)
