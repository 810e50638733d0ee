import { VERIFIER_PREFIX } from '@interhuman-auth/protocol'
import { DEFAULT_OVERLAP_SECONDS } from '../api-key.ts'
import type { AuditFields } from '../audit.ts'
import type { RandomBytes } from '../base62.ts'
import { newSecret } from '../secret-format.ts'
import type { Store } from '../store/store.ts'
import { createVerifier, newVerifierId, revokeVerifier, rotateVerifier, type Verifier } from '../verifier.ts'
import { type Acting, tellDifference, toAuditEntry } from './acting.ts'

/** A verifier, and a secret of it that is shown once. */
export interface VerifierWithSecret {
  readonly secret: string
  readonly verifier: Verifier
}

/** Makes a verifier and writes it. */
export async function createVerifierIn(
  store: Pick<Store, 'insertVerifier'>,
  { name }: { readonly name: string },
  by: Acting,
  randomBytes: RandomBytes,
): Promise<VerifierWithSecret> {
  const secret = newSecret(VERIFIER_PREFIX, randomBytes)
  const verifierId = newVerifierId(randomBytes)
  const verifier = createVerifier({ verifierId, name, secret, createdAt: by.now })
  const after = { name, ...toFields(verifier) }
  await store.insertVerifier({ verifier, audit: toAuditEntry(by, 'verifier.create', verifierId, { after }) })
  return { secret, verifier }
}

/**
 * Gives a verifier a new secret; the old one lives on for the overlap.
 *
 * @param overlapSeconds 0 to 30 days; 24 hours unless told.
 * @returns `undefined` when there is none of this id.
 * @throws {VerifierChangeError} when it is revoked, or has two living secrets already.
 */
export async function rotateVerifierIn(
  store: Pick<Store, 'changeVerifier'>,
  verifierId: string,
  overlapSeconds: number | undefined,
  by: Acting,
  randomBytes: RandomBytes,
): Promise<VerifierWithSecret | undefined> {
  const secret = newSecret(VERIFIER_PREFIX, randomBytes)
  const rotation = { secret, overlapSeconds: overlapSeconds ?? DEFAULT_OVERLAP_SECONDS, now: by.now }
  const verifier = await store.changeVerifier(verifierId, (before) => {
    const after = rotateVerifier(before, rotation)
    const detail = { overlap_seconds: rotation.overlapSeconds }
    const told = { detail, ...tellDifference(toFields(before), toFields(after)) }
    return { verifier: after, audit: toAuditEntry(by, 'verifier.rotate', verifierId, told) }
  })
  return verifier && { secret, verifier }
}

/**
 * Ends a verifier for ever: its questions are refused, and its feed is cut.
 *
 * @returns the verifier as it is now, or `undefined` when there is none of this id.
 */
export function revokeVerifierIn(
  store: Pick<Store, 'changeVerifier'>,
  verifierId: string,
  by: Acting,
): Promise<Verifier | undefined> {
  return store.changeVerifier(verifierId, (before) => {
    const verifier = revokeVerifier(before)
    const told = tellDifference(toFields(before), toFields(verifier))
    return { verifier, audit: toAuditEntry(by, 'verifier.revoke', verifierId, told) }
  })
}

function toFields(verifier: Verifier): AuditFields {
  return { state: verifier.state, previous_secret_expires_at: verifier.previousSecretExpiresAt }
}
