import type { ApiKey } from '../api-key.ts'
import type { AuditAction, AuditFields } from '../audit.ts'
import type { AuditedKey } from '../store/store.ts'
import { type Acting, tellDifference, toAuditEntry } from './acting.ts'

/** Writes a new key with the entry that tells of it. */
export function auditNewKey(key: ApiKey, by: Acting): AuditedKey {
  return { key, audit: toAuditEntry(by, 'key.create', key.keyId, { after: toFields(key) }) }
}

/** Writes a changed key with the entry that tells of it. */
export function auditKeyChange(
  before: ApiKey,
  after: ApiKey,
  action: AuditAction,
  by: Acting,
  detail: AuditFields = {},
): AuditedKey {
  const told = { ...tellDifference(toFields(before), toFields(after)), detail }
  return { key: after, audit: toAuditEntry(by, action, after.keyId, told) }
}

/** Secrets by their numbers only. */
function toFields(key: ApiKey): AuditFields {
  return {
    name: key.name,
    scopes: key.scopes.join(' '),
    state: key.state,
    generation: key.generation,
    direct: key.direct,
    expires_at: key.expiresAt,
    secret: key.secret.number,
    previous_secret: key.previousSecret?.number ?? null,
    previous_secret_expires_at: key.previousSecret?.expiresAt ?? null,
  }
}
