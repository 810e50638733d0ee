import { randomBytes } from 'node:crypto'
import { SCOPES } from '@interhuman-auth/protocol'
import { createApiKey } from '../../src/api-key.ts'
import type { AuditEntry } from '../../src/audit.ts'
import { newKeyId } from '../../src/key-format.ts'
import { createSigningKey, type SigningKey } from '../../src/signing-key.ts'
import type { AuditedKey } from '../../src/store/store.ts'

export const SECRET = 'ih_live_LEAK'

export const audit = (subject: string, action: AuditEntry['action'] = 'key.create'): AuditEntry => ({
  at: 1000,
  actor: 'test',
  action,
  subject,
  detail: { name: 'of a test', count: 1, flag: true, none: null },
  origin: 'test',
  before: { count: 0 },
  after: null,
})

export function newKey(createdAt = 1000, keyId = newKeyId(randomBytes)): AuditedKey {
  const key = createApiKey({
    keyId,
    name: 'of a test',
    scopes: SCOPES,
    secret: SECRET,
    createdAt,
    expiresAt: null,
  })
  return { key, audit: audit(keyId) }
}

export function newSigningKey(state: 'next' | 'active'): SigningKey {
  return createSigningKey(state, { algorithm: 'ES256', masterKey: Buffer.alloc(32), now: 1000, randomBytes })
}
