import Database from 'better-sqlite3'
import { Kysely, sql } from 'kysely'
import type { ChangeReading, Hearing, Lease, LeaseRenewal } from '../change.ts'
import { acknowledgeLease, type DatabaseTime, endLease, readChanges, renewLeases } from './sql-changes.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import type { Tables } from './tables.ts'

/** How often the file is asked whether somebody wrote a change, in milliseconds: another process cannot call us. */
const LOOK_MS = 100

/** The time of the machine, as SQLite tells it. */
export const SQLITE_TIME: DatabaseTime = {
  async readTimeMs(db) {
    const query = sql<{ ms: number }>`select cast(unixepoch('subsec') * 1000 as integer) as ms`
    const { rows } = await query.execute(db)
    return rows[0]?.ms ?? Number.NaN
  },
}

/** Calls whenever the number of changes is another one. One that cannot be read is left to whoever reads the changes. */
export function hearSqliteChanges(reader: Database.Database, onHint: () => void): Hearing {
  const head = reader.prepare<[], number>('select revision from change_head').pluck()
  let revision = head.get()
  const timer = setInterval(() => {
    const last = revision
    try {
      revision = head.get()
    } catch {
      revision = undefined
    }
    if (revision !== last) onHint()
  }, LOOK_MS).unref()
  return { close: async () => clearInterval(timer) }
}

/** Reads the changes, and renews leases where that finds the store that they are of. */
export async function readSqliteChanges(
  db: Kysely<Tables>,
  held: Pick<SqliteLeases, 'renewLeases'>,
  after: number | null,
  renewal: LeaseRenewal | undefined,
): Promise<ChangeReading> {
  const reading = await readChanges(db, after, SQLITE_TIME)
  if (renewal !== undefined && renewal.epoch === reading.epoch && reading.revision >= (after ?? 0))
    await held.renewLeases(renewal.leases)
  return reading
}

/** The leases of a SQLite file. */
export interface SqliteLeases {
  renewLeases(leases: readonly Lease[]): Promise<void>
  acknowledgeLease(lease: Pick<Lease, 'holder' | 'name' | 'revision'>): Promise<void>
  endLease(holder: string): Promise<void>
  close(): Promise<void>
}

/**
 * Writes leases on a connection of their own that does not wait for the disk: what lives five seconds need not survive the
 * machine. Nor does it wait for another writer, which could be a transaction of this very process; who finds the file
 * busy comes again in a second.
 */
export function openSqliteLeases(file: string): SqliteLeases {
  const database = new Database(file, { timeout: 0 })
  database.pragma('synchronous = NORMAL')
  const db = new Kysely<Tables>({ dialect: sqliteDialect(database) })
  return {
    renewLeases: (leases) => unlessBusy(() => renewLeases(db, leases, SQLITE_TIME)),
    acknowledgeLease: (lease) => unlessBusy(() => acknowledgeLease(db, lease)),
    endLease: (holder) => unlessBusy(() => endLease(db, holder)),
    async close() {
      await db.destroy()
      // Kysely closes only what it has used.
      database.close()
    },
  }
}

async function unlessBusy(write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!(error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY'))) throw error
  }
}
