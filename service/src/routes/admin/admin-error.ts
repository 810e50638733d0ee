import { ERRORS, type ErrorRow, RETRY_AFTER_HEADER } from '@interhuman-auth/protocol'
import { ApiError } from '../../api-error.ts'
import { KeyChangeError, type KeyChangeProblem } from '../../api-key.ts'
import { SigningKeyError } from '../../signing-keys.ts'
import { VerifierChangeError } from '../../verifier.ts'
import { refuseField } from './body.ts'

const ROWS = {
  revoked: ERRORS.revokedForEver,
  two_secrets_live: ERRORS.twoSecretsLive,
  one_secret_lives: ERRORS.oneSecretLives,
  old_secret_in_use: ERRORS.oldSecretInUse,
} as const satisfies Partial<Record<KeyChangeProblem, ErrorRow>>

/** Turns what a change was refused for into the error that leaves; whatever else was thrown stays what it is. */
export function toAdminError(thrown: unknown): unknown {
  if (thrown instanceof KeyChangeError)
    return thrown.problem === 'expiry_in_past'
      ? refuseField('expires_at', 'must not be in the past')
      : new ApiError(ROWS[thrown.problem])
  if (thrown instanceof VerifierChangeError) return new ApiError(ROWS[thrown.problem])
  if (!(thrown instanceof SigningKeyError)) return thrown
  if (thrown.problem === 'unknown') return new ApiError(ERRORS.adminSubjectAbsent)
  const headers = { [RETRY_AFTER_HEADER]: String(thrown.waitSeconds) }
  return new ApiError(ERRORS.nextKeyNotPublished, { headers })
}
