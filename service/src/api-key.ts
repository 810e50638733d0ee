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
  /** When one of its secrets was used last, in epoch seconds, or `null` for never. Set by the store, seconds late. */
  readonly lastUsedAt: number | null
}

/** The longest overlap of two secrets, in seconds: 30 days (our contract, section 7). */
export const MAX_OVERLAP_SECONDS = 30 * 24 * 3600
/** The longest life of a key that a command can be asked for, in seconds: ten years. */
export const MAX_EXPIRY_SECONDS = 10 * 365 * 24 * 3600
/** The overlap that a rotation has unless told, in seconds: 24 hours. */
export const DEFAULT_OVERLAP_SECONDS = 24 * 3600

/** Why a key cannot be changed as asked. */
export type KeyChangeProblem = keyof typeof PROBLEMS

const PROBLEMS = {
  revoked: 'the key is revoked, and revoked is for ever',
  two_secrets_live: 'two secrets of the key are alive; a third can come when the older one has ended',
  one_secret_lives: 'the key has one living secret; there is no overlap to end',
  old_secret_in_use: 'the older secret is in use; look at who uses it, or end it all the same with --force',
  expiry_in_past: 'a key cannot expire in the past; 0 seconds from now ends it at once',
} as const

/** A change that the key's state does not allow; nothing was written. */
export class KeyChangeError extends OperatorError {
  override readonly name = 'KeyChangeError'
  readonly problem: KeyChangeProblem

  constructor(problem: KeyChangeProblem) {
    super(PROBLEMS[problem])
    this.problem = problem
  }
}

/** Hashes a secret as it is stored and compared: 256 random bits need no slow hash. */
export function hashSecret(secret: string): Buffer {
  // By way of a text: a buffer that the hash makes has memory of its own, which costs four times as much.
  return Buffer.from(hash('sha256', secret, 'hex'), 'hex')
}

/** What makes a new key. */
export interface NewApiKey {
  readonly keyId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Whether the secret itself may be used as a bearer credential; off unless told. */
  readonly direct?: boolean
  readonly secret: string
  /** Epoch seconds. */
  readonly createdAt: number
  /** Epoch seconds, or `null` for never. */
  readonly expiresAt: number | null
}

/** Creates an active key of generation 1. */
export function createApiKey(input: NewApiKey): ApiKey {
  const { secret, direct = false, ...rest } = input
  return {
    ...rest,
    state: 'active',
    generation: 1,
    direct,
    secret: { hash: hashSecret(secret), number: 1, expiresAt: null },
    previousSecret: null,
    revision: 0,
    lastUsedAt: null,
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

/**
 * Ends the older of two living secrets, and with it the tokens that it was exchanged for.
 *
 * @throws {KeyChangeError} `revoked`; `one_secret_lives` where there is no older one.
 */
export function endOverlap(key: ApiKey, now: number): ApiKey {
  refuseRevoked(key)
  if (key.previousSecret === null || !isAlive(key.previousSecret.expiresAt, now))
    throw new KeyChangeError('one_secret_lives')
  return { ...key, previousSecret: null, generation: key.generation + 1 }
}

/** What a key shall be from now on; what is absent stays as it is. */
export interface KeyChange {
  readonly name?: string | undefined
  readonly scopes?: readonly Scope[] | undefined
  /** Epoch seconds, not before now; `null` for never. */
  readonly expiresAt?: number | null | undefined
  readonly direct?: boolean | undefined
}

/**
 * Changes a key. Taking a scope away ends the tokens that may carry it; adding one, another name, expiry or `direct` does
 * not.
 *
 * @returns the same object where the key is so already.
 * @throws {KeyChangeError} `revoked`, `expiry_in_past`
 */
export function changeApiKey(key: ApiKey, change: KeyChange, now: number): ApiKey {
  refuseRevoked(key)
  const { name = key.name, scopes = key.scopes, expiresAt = key.expiresAt, direct = key.direct } = change
  if (change.expiresAt != null && change.expiresAt < now) throw new KeyChangeError('expiry_in_past')
  const isCut = key.scopes.some((scope) => !scopes.includes(scope))
  const sameScopes = !isCut && scopes.length === key.scopes.length
  if (sameScopes && name === key.name && expiresAt === key.expiresAt && direct === key.direct) return key
  const generation = isCut ? key.generation + 1 : key.generation
  return { ...key, name, scopes: sameScopes ? key.scopes : scopes, expiresAt, direct, generation }
}

/** Says whether something that ends at `expiresAt` (epoch seconds, `null` for never) still lives. */
export function isAlive(expiresAt: number | null, now: number): boolean {
  return expiresAt === null || now < expiresAt
}

function refuseRevoked(key: ApiKey): void {
  if (key.state === 'revoked') throw new KeyChangeError('revoked')
}
