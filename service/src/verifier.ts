import { timingSafeEqual } from 'node:crypto'
import { ERRORS, VERIFIER_PREFIX } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'
import { hashSecret, isAlive, type Rotation } from './api-key.ts'
import { type RandomBytes, randomBase62 } from './base62.ts'
import { OperatorError } from './operator-error.ts'
import { isSecret } from './secret-format.ts'

/** The states of a verifier; `revoked` is for ever (our contract, section 6). */
export type VerifierState = 'active' | 'revoked'

/** A process that checks tokens, as it is kept: everything but its secret itself (our contract, section 6). */
export interface Verifier {
  readonly verifierId: string
  readonly name: string
  readonly state: VerifierState
  /** Epoch seconds. */
  readonly createdAt: number
  /** SHA-256. */
  readonly secretHash: Buffer
  /** SHA-256 of the secret that a rotation lets live on, or `null`. */
  readonly previousSecretHash: Buffer | null
  /** Epoch seconds. */
  readonly previousSecretExpiresAt: number | null
  /** Of its last change; 0 for one that was never changed. Set by the store. */
  readonly revision: number
}

/** A change that the state of a verifier does not allow; nothing was written. */
export class VerifierChangeError extends OperatorError {
  override readonly name = 'VerifierChangeError'
  readonly problem: 'revoked' | 'two_secrets_live'

  constructor(problem: VerifierChangeError['problem']) {
    super(
      problem === 'revoked'
        ? 'the verifier is revoked, and revoked is for ever'
        : 'two secrets of the verifier are alive; a third can come when the older one has ended',
    )
    this.problem = problem
  }
}

const idPattern = /^ihvr_[0-9A-Za-z]{20}$/

/** Makes the id of a verifier: `ihvr_` and 20 base62 characters. */
export function newVerifierId(randomBytes: RandomBytes): string {
  return `ihvr_${randomBase62(20, randomBytes)}`
}

/** Says whether a value has the form of a verifier's id; only such a value may stand in a log line or an error. */
export function isVerifierId(value: string): boolean {
  return idPattern.test(value)
}

/** What makes a new verifier. */
export interface NewVerifier {
  readonly verifierId: string
  readonly name: string
  readonly secret: string
  /** Epoch seconds. */
  readonly createdAt: number
}

/** Creates an active verifier. */
export function createVerifier({ secret, ...input }: NewVerifier): Verifier {
  return {
    ...input,
    state: 'active',
    secretHash: hashSecret(secret),
    previousSecretHash: null,
    previousSecretExpiresAt: null,
    revision: 0,
  }
}

/**
 * Gives a verifier a second secret and lets the first one live on for the overlap; with none it ends at once.
 *
 * @throws {VerifierChangeError} `revoked`; `two_secrets_live` where an overlap is asked while another one lasts.
 */
export function rotateVerifier(verifier: Verifier, { secret, overlapSeconds, now }: Rotation): Verifier {
  if (verifier.state === 'revoked') throw new VerifierChangeError('revoked')
  const secretHash = hashSecret(secret)
  if (overlapSeconds === 0)
    return { ...verifier, secretHash, previousSecretHash: null, previousSecretExpiresAt: null }
  if (verifier.previousSecretHash !== null && isAlive(verifier.previousSecretExpiresAt, now))
    throw new VerifierChangeError('two_secrets_live')
  return {
    ...verifier,
    secretHash,
    previousSecretHash: verifier.secretHash,
    previousSecretExpiresAt: now + overlapSeconds,
  }
}

/** Ends a verifier for ever: its questions are refused, and its feed is cut. */
export function revokeVerifier(verifier: Verifier): Verifier {
  return verifier.state === 'revoked' ? verifier : { ...verifier, state: 'revoked' }
}

/** How a verifier is found. */
export interface VerifierLookups {
  /** By the SHA-256 of a secret of it, its own or the one that a rotation lets live on. */
  findVerifierBySecret(secretHash: Buffer): Promise<Verifier | undefined>
  /** Epoch seconds. */
  now(): number
}

/** A verifier whose secret came. */
export interface AuthenticatedVerifier {
  readonly verifierId: string
  /** When the secret that came ends by itself, in epoch seconds; `null` for never. */
  readonly secretExpiresAt: number | null
  /** Of its last change. */
  readonly revision: number
}

/** Compared with where there is no such secret, so that every request compares twice. */
const NO_HASH = Buffer.alloc(32)

/**
 * Authenticates a verifier by its secret. What has not the form of one is refused before it is looked up, so that no key
 * and no token passes here.
 *
 * @throws {ApiError} `ih2001`, the same for every cause.
 */
export async function authenticateVerifier(
  secret: string,
  lookups: VerifierLookups,
): Promise<AuthenticatedVerifier> {
  if (!isSecret(secret, VERIFIER_PREFIX)) throw new ApiError(ERRORS.invalidCredentials)
  const hash = hashSecret(secret)
  const found = await lookups.findVerifierBySecret(hash)
  const current = timingSafeEqual(hash, found?.secretHash ?? NO_HASH)
  const previous = timingSafeEqual(hash, found?.previousSecretHash ?? NO_HASH)
  if (found?.state === 'active') {
    const { verifierId, previousSecretExpiresAt, revision } = found
    if (current) return { verifierId, secretExpiresAt: null, revision }
    if (previous && isAlive(previousSecretExpiresAt, lookups.now()))
      return { verifierId, secretExpiresAt: previousSecretExpiresAt, revision }
  }
  throw new ApiError(ERRORS.invalidCredentials)
}
