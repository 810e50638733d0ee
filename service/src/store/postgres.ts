import { Kysely, type PostgresPool as PoolOfKysely, PostgresDialect, type SqlBool, sql } from 'kysely'
import type { Migration } from './migrations/migration.ts'
import { MIGRATIONS } from './migrations/migrations.ts'
import type { PostgresAddress } from './postgres-address.ts'
import { acknowledgePostgresLease, readPostgresChanges } from './postgres-changes.ts'
import { type PostgresLimits, readClientConfig } from './postgres-client.ts'
import { hearPostgresChanges, listenerOf, type OpenListener, refuseDeafPooler } from './postgres-listen.ts'
import { EXCLUSIVE, migratePostgres, readSchemaVersion } from './postgres-migrate.ts'
import { PostgresPool } from './postgres-pool.ts'
import { POSTGRES_ROW_LISTS } from './row-lists.ts'
import { type KeyCredentialsRow, toKeyCredentials } from './rows.ts'
import { createSqlStore, type SqlDatabase } from './sql.ts'
import { readRows } from './sql-transfer.ts'
import type { Store } from './store.ts'
import type { Tables } from './tables.ts'

/** Which PostgreSQL is a store, and how it is used. */
export interface PostgresOptions {
  readonly address: PostgresAddress
  readonly limits: PostgresLimits
  /** Those of this program unless told. */
  readonly migrations?: readonly Migration[]
}

/**
 * Opens a PostgreSQL database as a store and brings its schema up to date.
 *
 * @throws {StartupError} when the database is of no use: another program's, newer than this one, behind a pooler that
 *   keeps no session.
 * @throws {StoreUnavailableError} when it cannot be reached, or refuses.
 */
export async function openPostgresStore({ address, limits, ...options }: PostgresOptions): Promise<Store> {
  const configOf = readClientConfig(address, limits)
  const pool = new PostgresPool(address.hosts, configOf, limits)
  const openListener = listenerOf(address.hosts, configOf, limits)
  try {
    if (await pool.isPooled()) await refuseDeafPooler(pool, openListener)
    await migratePostgres(pool, options.migrations ?? MIGRATIONS)
    return createPostgresStore(pool, openListener)
  } catch (error) {
    await pool.end()
    throw error
  }
}

/**
 * Reads which version of the schema a database holds, and changes nothing; 0 for an empty one.
 *
 * @throws {StoreUnavailableError} when it cannot be reached, or refuses.
 */
export async function readPostgresVersion({ address, limits }: PostgresOptions): Promise<number> {
  const pool = new PostgresPool(address.hosts, readClientConfig(address, limits), limits)
  try {
    return await readSchemaVersion(pool)
  } finally {
    await pool.end()
  }
}

/** The time of the server. */
const DATABASE: SqlDatabase = {
  ...POSTGRES_ROW_LISTS,
  async readTimeMs(db) {
    const query = sql<{
      ms: number
    }>`select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as ms`
    return (await query.execute(db)).rows[0]?.ms ?? Number.NaN
  },
  async makeExclusive(tx) {
    await sql.raw(EXCLUSIVE).execute(tx)
  },
  nameHolds: (text) => sql<SqlBool>`strpos(lower(name collate "C"), ${text}) > 0`,
}

const CREDENTIALS = `select key_id, scopes, state, generation, expires_at, encode(secret_hash, 'hex') as secret_hash,
    coalesce(encode(previous_secret_hash, 'hex'), '') as previous_secret_hash, previous_secret_expires_at, direct,
    revision, secret_number, previous_secret_number
  from api_keys`

/** Prepared once a connection: the server then plans them once. */
const BY_ID = { name: 'credentials', text: `${CREDENTIALS} where key_id = $1` }
const BY_SECRET = {
  name: 'credentials_by_secret',
  text: `${CREDENTIALS} where secret_hash = $1 union all ${CREDENTIALS} where previous_secret_hash = $1 limit 1`,
}

function createPostgresStore(pool: PostgresPool, openListener: OpenListener): Store {
  // Kysely's word for a client has its cursors, which nothing here uses.
  const dialect = new PostgresDialect({ pool: pool as unknown as PoolOfKysely })
  const db = new Kysely<Tables>({ dialect })
  const find = async (query: typeof BY_ID, value: string | Buffer) => {
    const [row] = await pool.query<KeyCredentialsRow & { key_id: string }>({ ...query, values: [value] })
    return row && toKeyCredentials(row)
  }
  return {
    ...createSqlStore(db, DATABASE),
    readChanges: (after, renewal) => readPostgresChanges(pool, after, renewal),
    acknowledgeLease: (lease) => acknowledgePostgresLease(pool, lease),
    findKeyCredentials: (keyId) => find(BY_ID, keyId),
    findKeyCredentialsBySecret: (secretHash) => find(BY_SECRET, secretHash),
    hearChanges: (onHint) => hearPostgresChanges(openListener, onHint),
    exportRows: (read) =>
      db
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute((tx) => read(readRows(tx))),
    readWarnings: () => readWarnings(pool),
    async ping() {
      await pool.query('select 1')
    },
    close: () => pool.end(),
  }
}

async function readWarnings(pool: PostgresPool): Promise<readonly string[]> {
  const [settings] = await pool.query<{ standbys: string; fsync: string }>(
    `select current_setting('synchronous_standby_names') as standbys, current_setting('fsync') as fsync`,
  )
  const warnings: string[] = []
  if (settings?.standbys === '')
    warnings.push(
      'PostgreSQL has no synchronous standby: when its machine is lost, changes that were acknowledged can be lost with it; see docs/operations.md',
    )
  if (settings?.fsync !== 'on')
    warnings.push('PostgreSQL runs with fsync off: it loses changes when its machine stops')
  return warnings
}
