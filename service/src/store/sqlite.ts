import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { Kysely, type SqlBool, sql } from 'kysely'
import { StartupError } from '../startup-error.ts'
import { MIGRATIONS, SCHEMA_VERSION } from './migrations/migrations.ts'
import { SQLITE_ROW_LISTS } from './row-lists.ts'
import { toVerifier } from './rows.ts'
import { createSqlStore, type SqlDatabase, type SqlStore } from './sql.ts'
import { readRows } from './sql-transfer.ts'
import {
  hearSqliteChanges,
  openSqliteLeases,
  readSqliteChanges,
  SQLITE_TIME,
  type SqliteLeases,
} from './sqlite-changes.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { APPLICATION_ID, damaged, foreign, inspectSqliteFile, refuseForeign } from './sqlite-file.ts'
import { prepareKeyLookUp } from './sqlite-key-look-up.ts'
import { CHECKPOINT_BYTES, type SharedReadLock, shareReadLock } from './sqlite-read-lock.ts'
import type { Store } from './store.ts'
import { StoreUnavailableError } from './store-error.ts'
import type { Tables, VerifierTable } from './tables.ts'
import type { RowSource } from './transfer.ts'

/** How long a write waits for another process's write, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000

/** Page cache of each of the two connections, in KiB: holds the inner pages of millions of keys. */
const CACHE_KIB = 8192

/** A file up to this size is checked whole when it is opened; a larger one would delay the start. */
const WHOLE_CHECK_BYTES = 16 * 1024 * 1024

/**
 * Opens a SQLite file as a store and brings its schema up to date.
 *
 * @throws {StartupError} when the file is damaged, another program's, newer than this program, or cannot be opened.
 */
export function openSqliteStore(file: string): Store {
  inspectSqliteFile(file)
  try {
    return openConnections(file)
  } catch (error) {
    throw toStartupError(file, error)
  }
}

function openConnections(file: string): Store {
  const writer = new Database(file, { timeout: BUSY_TIMEOUT_MS })
  try {
    refuseDamage(file, writer)
    configure(writer)
    migrate(file, writer)
    const reader = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS })
    reader.pragma(`cache_size = -${CACHE_KIB}`)
    const lock = shareReadLock(file, () => writer.pragma('wal_checkpoint(PASSIVE)'))
    return createSqliteStore(file, writer, reader, lock, openSqliteLeases(file))
  } catch (error) {
    writer.close()
    throw error
  }
}

const SQLITE: SqlDatabase = {
  ...SQLITE_TIME,
  ...SQLITE_ROW_LISTS,
  makeExclusive: async () => {},
  nameHolds: (text) => sql<SqlBool>`instr(lower(name), ${text}) > 0`,
}

function createSqliteStore(
  file: string,
  writer: Database.Database,
  reader: Database.Database,
  lock: SharedReadLock,
  leases: SqliteLeases,
): Store {
  const db = new Kysely<Tables>({ dialect: sqliteDialect(writer) })
  const keys = prepareKeyLookUp(reader)
  const findVerifierRow = reader.prepare<[Buffer, Buffer], VerifierTable>(
    'select * from verifiers where secret_hash = ? union all select * from verifiers where previous_secret_hash = ? limit 1',
  )
  const findRevoked = reader.prepare<[string]>('select 1 from revoked_tokens where token_id = ?')
  const ping = reader.prepare('select 1 from settings limit 1')
  return {
    ...namingFailures({
      ...createSqlStore(db, SQLITE),
      readChanges: (after, renewal) => readSqliteChanges(db, leases, after, renewal),
      acknowledgeLease: (lease) => leases.acknowledgeLease(lease),
      endLease: (holder) => leases.endLease(holder),
    }),
    hearChanges: (onHint) => hearSqliteChanges(reader, onHint),
    async findKeyCredentials(keyId) {
      lock.hold()
      return answer(() => keys.byId(keyId))
    },
    async findKeyCredentialsBySecret(secretHash) {
      lock.hold()
      return answer(() => keys.bySecret(secretHash))
    },
    async findVerifierBySecret(secretHash) {
      lock.hold()
      const row = answer(() => findVerifierRow.get(secretHash, secretHash))
      return row && toVerifier(row)
    },
    async isTokenRevoked(tokenId) {
      lock.hold()
      return answer(() => findRevoked.get(tokenId)) !== undefined
    },
    exportRows: (read) => readAtOneMoment(file, read),
    readWarnings: async () => [],
    async ping() {
      answer(() => ping.get())
    },
    async close() {
      lock.close()
      await leases.close()
      reader.close()
      await db.destroy()
      // Kysely closes only what it has used.
      writer.close()
    },
  }
}

/** On a connection of its own: in a write-ahead log a reader keeps nobody from writing. */
async function readAtOneMoment<T>(file: string, read: (source: RowSource) => Promise<T>): Promise<T> {
  const database = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS })
  try {
    database.exec('begin')
    return await read(readRows(new Kysely<Tables>({ dialect: sqliteDialect(database) })))
  } finally {
    database.close()
  }
}

/** What names its failures here; the prepared look-ups do so themselves. */
type NamedStore = SqlStore & Pick<Store, 'readChanges' | 'acknowledgeLease'>

/** Makes each method say that SQLite failed where it did; what a change function throws is thrown on as it is. */
function namingFailures(store: NamedStore): NamedStore {
  const named = Object.entries(store).map(([name, method]: [string, (...args: never[]) => unknown]) => [
    name,
    async (...args: never[]) => {
      try {
        return await method(...args)
      } catch (error) {
        throw error instanceof Database.SqliteError ? toUnavailable(error) : error
      }
    },
  ])
  return Object.fromEntries(named) as NamedStore
}

function toUnavailable(error: unknown): StoreUnavailableError {
  const code = error instanceof Database.SqliteError ? error.code : 'unknown'
  return new StoreUnavailableError(`SQLite does not answer (${code}); nothing was changed`, {
    cause: error,
  })
}

function answer<T>(query: () => T): T {
  try {
    return query()
  } catch (error) {
    throw toUnavailable(error)
  }
}

function configure(db: Database.Database): void {
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma(`cache_size = -${CACHE_KIB}`)
  db.pragma('trusted_schema = OFF')
  // So that a log that once grew is seen to be small again.
  db.pragma(`journal_size_limit = ${CHECKPOINT_BYTES / 4}`)
}

function refuseDamage(file: string, db: Database.Database): void {
  const objects = db.prepare('select count(*) from sqlite_schema').pluck().get()
  if (objects !== 0 && db.pragma('application_id', { simple: true }) === 0) throw foreign(file)
  if (statSync(file).size <= WHOLE_CHECK_BYTES) {
    const result = db.pragma('quick_check(1)', { simple: true })
    if (result !== 'ok') throw damaged(file)
  }
}

function migrate(file: string, db: Database.Database): void {
  const version = () => db.pragma('user_version', { simple: true }) as number
  if (version() === SCHEMA_VERSION) return
  db.transaction(() => {
    const from = version()
    refuseForeign(file, db.pragma('application_id', { simple: true }) as number, from)
    for (const { sqlite } of MIGRATIONS.slice(from)) {
      for (const statement of sqlite) db.exec(statement)
    }
    db.pragma(`application_id = ${APPLICATION_ID}`)
    db.pragma(`user_version = ${SCHEMA_VERSION}`)
  }).immediate()
}

const CANNOT_OPEN = new Set([
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
  'SQLITE_PERM',
  'SQLITE_IOERR',
  'SQLITE_FULL',
])

function toStartupError(file: string, error: unknown): unknown {
  const code = error instanceof Database.SqliteError ? error.code : ''
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) return damaged(file)
  if (code === 'SQLITE_BUSY') return new StartupError(`${file} is locked by another process; try again`)
  for (const prefix of CANNOT_OPEN) {
    if (code.startsWith(prefix))
      return new StartupError(
        `${file} cannot be opened (${code}); check its permissions and the space on the disk`,
      )
  }
  return error
}
