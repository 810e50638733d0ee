import { hash } from 'node:crypto'
import type { Scope } from '@interhuman-auth/protocol'
import { OperatorError } from './operator-error.ts'

/** The states of a key; `revoked` is for ever (our contract, section 7). */
export const KEY_STATES = ['active', 'disabled', 'revoked'] as const
/** One of {@link KEY_STATES}. */
export type KeyState = (typeof KEY_STATES)[number]

/** What is kept of a secret. */
export interface StoredSecret {
  /** SHA-256 of the secret. */
  readonly hash: Buffer
  /** Which secret of the key it is, counted from 1: names it without showing it. */
  readonly number: number
  /** Epoch seconds; `null` while it is the key's newest secret. */
  readonly expiresAt: number | null
}

/** An API key as it is kept: everything but its secrets themselves (our contract, section 7). */
export interface ApiKey {
  readonly keyId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly state: KeyState
  /** Raised by whatever ends tokens early; a token of a lower generation is dead. */
  readonly generation: number
  /** Whether the secret itself may be used as a bearer credential. */
  readonly direct: boolean
  /** Epoch seconds. */
  readonly createdAt: number
  /** Epoch seconds, or `null` for never. */
  readonly expiresAt: number | null
  readonly secret: StoredSecret
  /** The secret before the last rotation, while its overlap lasts. */
  readonly previousSecret: StoredSecret | null
  /** Of its last change; 0 for a key that was never changed. Set by the store. */
  readonly revision: number
}

/** The longest overlap of two secrets, in seconds: 30 days (our contract, section 7). */
export const MAX_OVERLAP_SECONDS = 30 * 24 * 3600
/** The overlap that a rotation has unless told, in seconds: 24 hours. */
export const DEFAULT_OVERLAP_SECONDS = 24 * 3600

/** Why a key cannot be changed as asked. */
export type KeyChangeProblem = 'revoked' | 'two_secrets_live'

/** A change that the key's state does not allow; nothing was written. */
export class KeyChangeError extends OperatorError {
  override readonly name = 'KeyChangeError'
  readonly problem: KeyChangeProblem

  constructor(problem: KeyChangeProblem) {
    super(
      problem === 'revoked'
        ? 'the key is revoked, and revoked is for ever'
        : 'two secrets of the key are alive; a third can come when the older one has ended',
    )
    this.problem = problem
  }
}

/** Hashes a secret as it is stored and compared: 256 random bits need no slow hash. */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

/** What makes a new key. */
export interface NewApiKey {
  readonly keyId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly secret: string
  /** Epoch seconds. */
  readonly createdAt: number
  /** Epoch seconds, or `null` for never. */
  readonly expiresAt: number | null
}

/** Creates an active key of generation 1 that is not usable as a direct bearer. */
export function createApiKey(input: NewApiKey): ApiKey {
  const { secret, ...rest } = input
  return {
    ...rest,
    state: 'active',
    generation: 1,
    direct: false,
    secret: { hash: hashSecret(secret), number: 1, expiresAt: null },
    previousSecret: null,
    revision: 0,
  }
}

/** Ends a key for ever and with it every token that it issued. */
export function revokeApiKey(key: ApiKey): ApiKey {
  return key.state === 'revoked' ? key : { ...key, state: 'revoked', generation: key.generation + 1 }
}

/**
 * Stops a key and ends its tokens until it is enabled again.
 *
 * @throws {KeyChangeError} `revoked`
 */
export function disableApiKey(key: ApiKey): ApiKey {
  refuseRevoked(key)
  return key.state === 'disabled' ? key : { ...key, state: 'disabled', generation: key.generation + 1 }
}

/**
 * Lets a disabled key issue tokens again; tokens from before stay dead.
 *
 * @throws {KeyChangeError} `revoked`
 */
export function enableApiKey(key: ApiKey): ApiKey {
  refuseRevoked(key)
  return key.state === 'active' ? key : { ...key, state: 'active' }
}

/** A rotation: the new secret, and how long the old one lives on. */
export interface Rotation {
  readonly secret: string
  /** 0 to {@link MAX_OVERLAP_SECONDS}; 0 ends the old secret and the tokens it was exchanged for at once. */
  readonly overlapSeconds: number
  /** Epoch seconds. */
  readonly now: number
}

/**
 * Gives a key a second secret and lets the first one live on for the overlap.
 *
 * @throws {KeyChangeError} `revoked`; `two_secrets_live` where an overlap is asked while another one lasts.
 */
export function rotateApiKey(key: ApiKey, rotation: Rotation): ApiKey {
  refuseRevoked(key)
  const { overlapSeconds, now } = rotation
  const secret = { hash: hashSecret(rotation.secret), number: key.secret.number + 1, expiresAt: null }
  if (overlapSeconds === 0) return { ...key, secret, previousSecret: null, generation: key.generation + 1 }
  if (key.previousSecret !== null && isAlive(key.previousSecret.expiresAt, now))
    throw new KeyChangeError('two_secrets_live')
  return { ...key, secret, previousSecret: { ...key.secret, expiresAt: now + overlapSeconds } }
}

/** Says whether something that ends at `expiresAt` (epoch seconds, `null` for never) still lives. */
export function isAlive(expiresAt: number | null, now: number): boolean {
  return expiresAt === null || now < expiresAt
}

function refuseRevoked(key: ApiKey): void {
  if (key.state === 'revoked') throw new KeyChangeError('revoked')
}
