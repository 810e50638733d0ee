import type { Kysely, Transaction } from 'kysely'
import type { ApiKey } from '../api-key.ts'
import type { AuditEntry } from '../audit.ts'
import { CHANGE_SECONDS } from '../change.ts'
import { fromApiKey, toApiKey } from './rows.ts'
import { insertAuditEntry } from './sql-audit.ts'
import { insertChange } from './sql-changes.ts'
import type { Store } from './store.ts'
import type { Tables } from './tables.ts'

/** The key of an id. */
export async function findApiKey(db: Kysely<Tables>, keyId: string): Promise<ApiKey | undefined> {
  const row = await db.selectFrom('api_keys').selectAll().where('key_id', '=', keyId).executeTakeFirst()
  return row && toApiKey(row)
}

/** A page of keys in order of creation. */
export async function listApiKeys(db: Kysely<Tables>, request: Parameters<Store['listApiKeys']>[0]) {
  const last = request.after === null ? undefined : await findApiKey(db, request.after)
  let query = db.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('key_id')
  if (last !== undefined)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at', 'key_id'), '>', tuple(last.createdAt, last.keyId)),
    )
  const rows = await query.limit(request.limit + 1).execute()
  const keys = rows.slice(0, request.limit).map(toApiKey)
  return { keys, next: rows.length > request.limit ? (keys.at(-1)?.keyId ?? null) : null }
}

/** A new key. Nobody has to hear of it: that a key is not there is never remembered. */
export async function insertApiKey(tx: Transaction<Tables>, key: ApiKey, audit: AuditEntry): Promise<void> {
  await tx.insertInto('api_keys').values(fromApiKey(key)).execute()
  await insertAuditEntry(tx, audit)
}

/** A new key if there is none at all. */
export async function insertFirstApiKey(
  tx: Transaction<Tables>,
  key: ApiKey,
  audit: AuditEntry,
  beforeCommit: () => void,
): Promise<boolean> {
  const any = await tx.selectFrom('api_keys').select('key_id').limit(1).executeTakeFirst()
  if (any !== undefined) return false
  await insertApiKey(tx, key, audit)
  beforeCommit()
  return true
}

/** A key that becomes another one, and the change that others hear of. */
export async function changeApiKey(
  tx: Transaction<Tables>,
  keyId: string,
  change: Parameters<Store['changeApiKey']>[1],
): Promise<ApiKey | undefined> {
  const key = await findApiKey(tx, keyId)
  if (key === undefined) return undefined
  const changed = change(key)
  if (changed.key === key) return key
  const { at } = changed.audit
  const revision = await insertChange(tx, {
    kind: 'key',
    subject: keyId,
    generation: changed.key.generation,
    at,
    expiresAt: at + CHANGE_SECONDS,
  })
  const written = { ...changed.key, revision }
  const { key_id, ...columns } = fromApiKey(written)
  await tx.updateTable('api_keys').set(columns).where('key_id', '=', key_id).execute()
  await insertAuditEntry(tx, changed.audit)
  return written
}
