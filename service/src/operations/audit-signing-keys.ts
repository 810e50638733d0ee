import type { AuditAction, AuditEntry, AuditFields } from '../audit.ts'
import type { SigningKey } from '../signing-key.ts'
import type { SigningKeyChange } from '../signing-keys.ts'
import { type Acting, tellDifference, toAuditEntry } from './acting.ts'

/**
 * Writes the audit entries of a change of signing keys: one a key.
 *
 * @param before the keys as they were.
 */
export function auditSigningKeys(
  before: readonly SigningKey[],
  { insert, update }: SigningKeyChange,
  by: Acting,
): AuditEntry[] {
  const were = new Map(before.map((key) => [key.kid, key]))
  return [
    ...update.map((key) =>
      toAuditEntry(
        by,
        actionOf(key),
        key.kid,
        tellDifference(toFields(were.get(key.kid) ?? key), toFields(key)),
      ),
    ),
    ...insert.map((key) => toAuditEntry(by, 'signing_key.create', key.kid, { after: toFields(key) })),
  ]
}

function actionOf(key: SigningKey): AuditAction {
  if (key.lostAt !== null) return 'signing_key.lose'
  return key.state === 'active' ? 'signing_key.activate' : 'signing_key.retire'
}

function toFields({ algorithm, state, activatedAt, retiredAt, lostAt }: SigningKey): AuditFields {
  return { algorithm, state, activated_at: activatedAt, retired_at: retiredAt, lost_at: lostAt }
}
