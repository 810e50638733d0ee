import type { Kysely, Transaction } from 'kysely'
import type { ApiKey } from '../api-key.ts'
import type { AuditEntry } from '../audit.ts'
import type { TokenRevocation } from '../client-token.ts'
import type { SigningKey, SigningKeyChange } from '../signing-keys.ts'
import { fromApiKey, fromAuditEntry, fromSigningKey, toApiKey, toAuditEntry, toSigningKey } from './rows.ts'
import type { Store } from './store.ts'
import type { Tables } from './tables.ts'

/** What a store does the same way on every database. */
export type SqlStore = Omit<Store, 'findKeyCredentials' | 'findKeyCredentialsBySecret' | 'ping' | 'close'>

/**
 * The queries, each written once. Transactions must be such that what is read inside one is not changed by another
 * before it ends (SQLite: `begin immediate`).
 */
export function createSqlStore(db: Kysely<Tables>): SqlStore {
  const inTransaction = <T>(work: (tx: Transaction<Tables>) => Promise<T>) => db.transaction().execute(work)
  return {
    findApiKey: (keyId) => findApiKey(db, keyId),
    listApiKeys: (request) => listApiKeys(db, request),
    insertApiKey: (added) => inTransaction((tx) => insertApiKey(tx, added.key, added.audit)),
    insertFirstApiKey: (added, beforeCommit) =>
      inTransaction(async (tx) => {
        const any = await tx.selectFrom('api_keys').select('key_id').limit(1).executeTakeFirst()
        if (any !== undefined) return false
        await insertApiKey(tx, added.key, added.audit)
        beforeCommit()
        return true
      }),
    changeApiKey: (keyId, change) => inTransaction((tx) => changeApiKey(tx, keyId, change)),
    revokeToken: (revocation, audit) => inTransaction((tx) => revokeToken(tx, revocation, audit)),
    listAuditEntries: (subject, limit) => listAuditEntries(db, subject, limit),
    listSigningKeys: () => listSigningKeys(db),
    changeSigningKeys: (plan, audit) =>
      inTransaction(async (tx) => {
        const change = plan(await listSigningKeys(tx))
        await writeSigningKeys(tx, change)
        for (const entry of audit(change)) await insertAuditEntry(tx, entry)
        return listSigningKeys(tx)
      }),
    settle: (name, value) => inTransaction((tx) => settle(tx, name, value)),
  }
}

async function findApiKey(db: Kysely<Tables>, keyId: string): Promise<ApiKey | undefined> {
  const row = await db.selectFrom('api_keys').selectAll().where('key_id', '=', keyId).executeTakeFirst()
  return row && toApiKey(row)
}

async function listApiKeys(db: Kysely<Tables>, request: Parameters<Store['listApiKeys']>[0]) {
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

async function insertApiKey(tx: Transaction<Tables>, key: ApiKey, audit: AuditEntry): Promise<void> {
  await tx.insertInto('api_keys').values(fromApiKey(key)).execute()
  await insertAuditEntry(tx, audit)
}

async function changeApiKey(
  tx: Transaction<Tables>,
  keyId: string,
  change: Parameters<Store['changeApiKey']>[1],
) {
  const key = await findApiKey(tx, keyId)
  if (key === undefined) return undefined
  const changed = change(key)
  if (changed.key === key) return key
  const { key_id, ...columns } = fromApiKey(changed.key)
  await tx.updateTable('api_keys').set(columns).where('key_id', '=', key_id).execute()
  await insertAuditEntry(tx, changed.audit)
  return changed.key
}

async function revokeToken(
  tx: Transaction<Tables>,
  { tokenId, revokedAt, expiresAt }: TokenRevocation,
  audit: AuditEntry,
): Promise<void> {
  await tx.deleteFrom('revoked_tokens').where('expires_at', '<=', revokedAt).execute()
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('revoked_tokens')
    .values({ token_id: tokenId, expires_at: expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (numInsertedOrUpdatedRows === 1n) await insertAuditEntry(tx, audit)
}

async function insertAuditEntry(tx: Transaction<Tables>, entry: AuditEntry): Promise<void> {
  await tx.insertInto('audit').values(fromAuditEntry(entry)).execute()
}

async function listAuditEntries(db: Kysely<Tables>, subject: string, limit: number) {
  const rows = await db
    .selectFrom('audit')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.reverse().map(toAuditEntry)
}

async function listSigningKeys(db: Kysely<Tables>): Promise<readonly SigningKey[]> {
  const rows = await db.selectFrom('signing_keys').selectAll().orderBy('created_at').orderBy('kid').execute()
  return rows.map(toSigningKey)
}

async function writeSigningKeys(tx: Transaction<Tables>, change: SigningKeyChange): Promise<void> {
  for (const key of change.update) {
    const { kid, ...columns } = fromSigningKey(key)
    await tx.updateTable('signing_keys').set(columns).where('kid', '=', kid).execute()
  }
  for (const key of change.insert) await tx.insertInto('signing_keys').values(fromSigningKey(key)).execute()
}

async function settle(tx: Transaction<Tables>, name: string, value: string): Promise<string> {
  const kept = await tx.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst()
  if (kept !== undefined) return kept.value
  await tx.insertInto('settings').values({ name, value }).execute()
  return value
}
