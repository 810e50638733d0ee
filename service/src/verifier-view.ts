import { isAlive } from './api-key.ts'
import { formatTime } from './time-format.ts'
import type { Verifier, VerifierState } from './verifier.ts'

/** A verifier as `--json` and the operator's API show it; times in ISO 8601. Never its secret, nor a hash of it. */
export interface VerifierView {
  readonly verifier_id: string
  readonly name: string
  readonly state: VerifierState
  readonly created_at: string
  /** Until when the secret before the last rotation lives on, or `null`. */
  readonly previous_secret_expires_at: string | null
}

/** Writes a verifier for people and programs. */
export function toVerifierView(verifier: Verifier, now: number): VerifierView {
  const { verifierId, name, state, createdAt, previousSecretExpiresAt: end } = verifier
  return {
    verifier_id: verifierId,
    name,
    state,
    created_at: formatTime(createdAt),
    previous_secret_expires_at:
      state === 'active' && end !== null && isAlive(end, now) ? formatTime(end) : null,
  }
}
