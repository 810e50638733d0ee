import { StartupError } from '../startup-error.ts'
import type { Migration } from './migrations/migration.ts'
import { PostgresError } from './postgres-error.ts'
import type { Connection, PostgresPool } from './postgres-pool.ts'

/** Our two advisory locks: this number, and one of these. */
const LOCKS = 0x49484155
const MIGRATION_LOCK = 1
const WRITE_LOCK = 2

/** Makes a transaction the only one that writes: whatever it reads is not changed by another before it ends. */
export const EXCLUSIVE = `select pg_advisory_xact_lock(${LOCKS}, ${WRITE_LOCK})`

/** Makes a transaction the only one that migrates. */
export const MIGRATING = `select pg_advisory_xact_lock(${LOCKS}, ${MIGRATION_LOCK})`

/** The oldest PostgreSQL that this program knows, as `server_version_num` says it. */
const OLDEST_SERVER = 140_000

/** How long one statement of a migration may take, or wait for other nodes, in milliseconds. */
const MIGRATION_TIMEOUT_MS = 600_000

/** How long a migration waits for a table that others use, and they behind it, in milliseconds. */
const TABLE_TIMEOUT_MS = 5000

interface SchemaState {
  readonly version: number
  /** The oldest version of the schema whose programs go on working with this one. */
  readonly compatible_from: number
}

/**
 * Brings the schema of a database up to date, of several nodes that start at once on one. A newer schema is left as it
 * is where it says that it goes with a program of this version.
 *
 * @throws {StartupError} when it does not, or the database is another program's or of no use.
 * @throws {PostgresError} when it cannot be reached, or refuses.
 */
export async function migratePostgres(pool: PostgresPool, migrations: readonly Migration[]): Promise<void> {
  const connection = await pool.connect()
  try {
    const state = await readState(connection)
    if (state !== undefined && isCurrent(state, migrations)) return
    await connection.query('begin')
    try {
      await migrate(connection, migrations)
      await connection.query('commit')
    } catch (error) {
      await connection.query('rollback').catch(() => {})
      throw error instanceof PostgresError ? explain(error) : error
    }
  } finally {
    connection.release()
  }
}

/** Which version the schema of a database is of; 0 where there is none. */
export async function readSchemaVersion(pool: PostgresPool): Promise<number> {
  const connection = await pool.connect()
  try {
    return (await readState(connection))?.version ?? 0
  } finally {
    connection.release()
  }
}

async function migrate(connection: Connection, migrations: readonly Migration[]): Promise<void> {
  const run = (text: string) => connection.query({ text, query_timeout: MIGRATION_TIMEOUT_MS })
  await run(`set local statement_timeout = ${MIGRATION_TIMEOUT_MS - 1000}`)
  await run(MIGRATING)
  const state = await readState(connection)
  if (state !== undefined && isCurrent(state, migrations)) return
  await refuseUnfit(connection)
  // No other transaction of ours holds one table and asks for another.
  await run(EXCLUSIVE)
  await run(`set local lock_timeout = ${TABLE_TIMEOUT_MS}`)
  if (state === undefined)
    await run(`create table schema_state (
      id smallint primary key check (id = 1),
      version bigint not null,
      compatible_from bigint not null
    )`)
  for (const { postgres } of migrations.slice(state?.version ?? 0))
    for (const statement of postgres) await run(statement)
  await run(`insert into schema_state values (1, ${migrations.length}, ${compatibleFrom(migrations)})
    on conflict (id) do update set version = excluded.version, compatible_from = excluded.compatible_from`)
}

/** Asked of the catalog itself: `to_regclass` may answer with what it knew before the lock was waited for. */
const IS_THERE = `select exists (
    select from pg_catalog.pg_class where relname = 'schema_state' and pg_catalog.pg_table_is_visible(oid)
  ) as there`

async function readState(connection: Connection): Promise<SchemaState | undefined> {
  const { rows } = await connection.query<{ there: boolean }>(IS_THERE)
  if (rows[0]?.there !== true) return undefined
  return (await connection.query<SchemaState>('select version, compatible_from from schema_state')).rows[0]
}

/** @throws {StartupError} when the schema is newer and does not go with this program. */
function isCurrent({ version, compatible_from }: SchemaState, migrations: readonly Migration[]): boolean {
  if (compatible_from > migrations.length)
    throw new StartupError(
      `the database was made by a newer version (schema ${version}, this program knows ${migrations.length}); use that version`,
    )
  return version >= migrations.length
}

function compatibleFrom(migrations: readonly Migration[]): number {
  return Math.max(1, ...migrations.map((migration) => migration.compatibleFrom ?? 1))
}

async function refuseUnfit(connection: Connection): Promise<void> {
  const { rows } = await connection.query<{ encoding: string; version: number }>(
    "select getdatabaseencoding() as encoding, current_setting('server_version_num')::int as version",
  )
  const { encoding = '', version = 0 } = rows[0] ?? {}
  if (encoding !== 'UTF8')
    throw new StartupError(`the database keeps text as ${encoding}; make one with the encoding UTF8`)
  if (version < OLDEST_SERVER)
    throw new StartupError(
      `PostgreSQL is older than ${OLDEST_SERVER / 10_000}; use that version or a newer one`,
    )
}

const EXISTS_ALREADY = ['42P07', '42710']

function explain(error: PostgresError): Error {
  if (!error.codes.some((code) => EXISTS_ALREADY.includes(code))) return error
  return new StartupError('the database holds tables of another program; name a database of its own')
}
