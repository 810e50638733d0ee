import type { AuditAction, AuditEntry, AuditFields } from './audit.ts'
import type { SigningKey } from './signing-key.ts'
import type { SigningKeyChange } from './signing-keys.ts'

/** Who changes something, and from where, as {@link AuditEntry} has it. */
export interface AuditedBy {
  readonly actor: string
  readonly origin: string
}

/**
 * Writes the audit entries of a change of signing keys: one a key.
 *
 * @param before the keys as they were.
 * @param now epoch seconds.
 */
export function auditSigningKeys(
  before: readonly SigningKey[],
  change: SigningKeyChange,
  by: AuditedBy,
  now: number,
): AuditEntry[] {
  const entry = (action: AuditAction, key: SigningKey, was: SigningKey | undefined): AuditEntry => ({
    at: now,
    ...by,
    action,
    subject: key.kid,
    detail: { algorithm: key.algorithm, state: key.state },
    before: was === undefined ? null : describe(was),
    after: describe(key),
  })
  return [
    ...change.update.map((key) =>
      entry(
        updateAction(key),
        key,
        before.find((each) => each.kid === key.kid),
      ),
    ),
    ...change.insert.map((key) => entry('signing_key.create', key, undefined)),
  ]
}

function updateAction(key: SigningKey): AuditAction {
  if (key.lostAt !== null) return 'signing_key.lose'
  return key.state === 'active' ? 'signing_key.activate' : 'signing_key.retire'
}

function describe({ algorithm, state, createdAt, activatedAt, retiredAt, lostAt }: SigningKey): AuditFields {
  return {
    algorithm,
    state,
    created_at: createdAt,
    activated_at: activatedAt,
    retired_at: retiredAt,
    lost_at: lostAt,
  }
}
