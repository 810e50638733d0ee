import type { ExpressionBuilder, Kysely, RawBuilder, SelectQueryBuilder, SqlBool, Transaction } from 'kysely'
import type { ApiKey } from '../api-key.ts'
import type { AuditEntry } from '../audit.ts'
import { CHANGE_SECONDS } from '../change.ts'
import { type KeyFilter, type KeyPage, type KeyPageRequest, MAX_KEYS_SEARCHED } from './pages.ts'
import { fromApiKey, toApiKey } from './rows.ts'
import { insertAuditEntries, insertAuditEntry } from './sql-audit.ts'
import { insertChange } from './sql-changes.ts'
import type { AuditedKey, Store } from './store.ts'
import { type ApiKeyTable, ROWS_PER_INSERT, type Tables } from './tables.ts'

/** What differs from database to database: how a name is searched. */
export interface KeySearch {
  /** Says whether a key's name holds a text that is in small letters; A to Z count as a to z, and no other letter as another. */
  nameHolds(text: string): RawBuilder<SqlBool>
}

/** The key of an id. */
export async function findApiKey(db: Kysely<Tables>, keyId: string): Promise<ApiKey | undefined> {
  const row = await db
    .selectFrom('api_keys')
    .selectAll()
    .select(lastUse)
    .where('key_id', '=', keyId)
    .executeTakeFirst()
  return row && toApiKey(row)
}

/** When a key was used last: one look-up by its id for each row that is given out, however many keys there are. */
function lastUse(eb: ExpressionBuilder<Tables, 'api_keys'>) {
  return eb
    .selectFrom('key_uses')
    .select('key_uses.last_used_at')
    .whereRef('key_uses.key_id', '=', 'api_keys.key_id')
    .as('last_used_at')
}

/** A page of keys in order of creation. */
export async function listApiKeys(
  db: Kysely<Tables>,
  request: KeyPageRequest,
  database: KeySearch,
): Promise<KeyPage> {
  const { limit, filter } = request
  const all = await keysAfter(db, request.after)
  const wanted = filter === undefined ? all : filterKeys(db, all, filter, database)
  const rows = await wanted
    .select(lastUse)
    .limit(limit + 1)
    .execute()
  const keys = rows.slice(0, limit).map(toApiKey)
  if (rows.length > limit) return { keys, next: keys.at(-1)?.keyId ?? null }
  if (filter === undefined) return { keys, next: null }
  const last = await all
    .offset(MAX_KEYS_SEARCHED - 1)
    .limit(1)
    .executeTakeFirst()
  return { keys, next: last?.key_id ?? null }
}

type KeyQuery = SelectQueryBuilder<Tables, 'api_keys', ApiKeyTable>

async function keysAfter(db: Kysely<Tables>, after: string | null): Promise<KeyQuery> {
  const last = after === null ? undefined : await findApiKey(db, after)
  const query = db.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('key_id')
  if (last === undefined) return query
  return query.where(({ eb, refTuple, tuple }) =>
    eb(refTuple('created_at', 'key_id'), '>', tuple(last.createdAt, last.keyId)),
  )
}

/** Among the first of them only: with millions of keys, one that nobody has would otherwise be looked for in all. */
function filterKeys(
  db: Kysely<Tables>,
  all: KeyQuery,
  { search, state, now }: KeyFilter,
  database: KeySearch,
) {
  let query = db
    .selectFrom(all.limit(MAX_KEYS_SEARCHED).as('api_keys'))
    .selectAll()
    .orderBy('created_at')
    .orderBy('key_id')
  if (search !== null)
    query = query.where(database.nameHolds(search.replace(/[A-Z]/g, (letter) => letter.toLowerCase())))
  if (state === null) return query
  query = query.where('state', '=', state === 'expired' ? 'active' : state)
  if (state === 'expired') return query.where('expires_at', '<=', now)
  if (state !== 'active') return query
  return query.where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
}

/** A new key. Nobody has to hear of it: that a key is not there is never remembered. */
export async function insertApiKey(tx: Transaction<Tables>, key: ApiKey, audit: AuditEntry): Promise<void> {
  await tx.insertInto('api_keys').values(fromApiKey(key)).execute()
  await insertAuditEntry(tx, audit)
}

/** Many new keys, which all come about or none. */
export async function insertApiKeys(
  tx: Transaction<Tables>,
  added: readonly AuditedKey[],
  beforeCommit: () => void,
): Promise<void> {
  const rows = added.map(({ key }) => fromApiKey(key))
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await tx
      .insertInto('api_keys')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
  await insertAuditEntries(
    tx,
    added.map(({ audit }) => audit),
  )
  beforeCommit()
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
