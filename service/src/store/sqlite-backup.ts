import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import type { RandomBytes } from '../base62.ts'
import { OperatorError } from '../operator-error.ts'
import { damaged, inspectSqliteFile } from './sqlite-file.ts'

/** What a database file holds. */
export interface SqliteContents {
  readonly schemaVersion: number
  /** How many rows, by table. */
  readonly rows: Readonly<Record<string, number>>
}

/**
 * Copies a database that others may be using, as it is at one moment, into a new file (0600, no log beside it), which is
 * compared and checked before it gets its name: there is a whole backup or none.
 *
 * @throws {OperatorError} when something stands there already, or it cannot be written or is not whole.
 * @throws {StartupError} when the database is damaged or not ours.
 */
export async function backUpSqlite(
  file: string,
  target: string,
  randomBytes: RandomBytes,
): Promise<SqliteContents> {
  inspectSqliteFile(file)
  if (existsSync(target)) throw existsAlready(target)
  const temporary = `${target}.${randomBytes(8).toString('hex')}`
  try {
    closeSync(openSync(temporary, 'wx', 0o600))
    const copied = await copy(file, temporary)
    const kept = readWhole(temporary)
    if (JSON.stringify(kept) !== JSON.stringify(copied))
      throw new OperatorError('the backup does not hold what the database holds; nothing was kept, try again')
    syncPath(temporary)
    nameNew(temporary, target)
    syncPath(dirname(target))
    return kept
  } catch (error) {
    throw error instanceof OperatorError ? error : cannotWrite(target, error)
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(temporary + suffix, { force: true })
  }
}

/** The copy and the counts are of one read transaction, which keeps nobody from writing. */
async function copy(file: string, temporary: string): Promise<SqliteContents> {
  const db = new Database(file, { readonly: true, timeout: 5000 })
  try {
    db.exec('begin')
    const contents = readContents(db)
    await db.backup(temporary, { progress: ({ remainingPages }) => remainingPages })
    db.exec('commit')
    return contents
  } finally {
    db.close()
  }
}

/**
 * Reads the whole of a database file that nobody else uses, and leaves no log beside it.
 *
 * @throws {StartupError} when it is damaged.
 */
export function readWhole(file: string): SqliteContents {
  const db = new Database(file)
  try {
    db.pragma('trusted_schema = OFF')
    db.pragma('journal_mode = DELETE')
    if (db.pragma('integrity_check(1)', { simple: true }) !== 'ok') throw damaged(file)
    return readContents(db)
  } catch (error) {
    const code = error instanceof Database.SqliteError ? error.code : ''
    throw code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT') ? damaged(file) : error
  } finally {
    db.close()
  }
}

/** Reads which version of the schema a file holds; 0 for a new one, and where there is none. */
export function readSqliteVersion(file: string): number {
  if (!existsSync(file)) return 0
  inspectSqliteFile(file)
  const db = new Database(file, { readonly: true, timeout: 5000 })
  try {
    return db.pragma('user_version', { simple: true }) as number
  } finally {
    db.close()
  }
}

function readContents(db: Database.Database): SqliteContents {
  const tables = db
    .prepare<[], string>(
      `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name`,
    )
    .pluck()
    .all()
  const count = (table: string) => db.prepare(`select count(*) from "${table}"`).pluck().get() as number
  return {
    schemaVersion: db.pragma('user_version', { simple: true }) as number,
    rows: Object.fromEntries(tables.map((table) => [table, count(table)])),
  }
}

/** By a link, which replaces nothing; some file systems have none. */
function nameNew(temporary: string, target: string): void {
  try {
    linkSync(temporary, target)
  } catch (error) {
    if (errorCode(error) === 'EEXIST' || existsSync(target)) throw existsAlready(target)
    renameSync(temporary, target)
  }
}

/** Waits until a file, or the names in a folder, are on the disk. */
export function syncPath(path: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function existsAlready(target: string): OperatorError {
  return new OperatorError(`${target} exists already; name a new file`)
}

function cannotWrite(target: string, error: unknown): OperatorError {
  return new OperatorError(
    `the backup ${target} cannot be written (${errorCode(error)}); nothing was kept of it`,
  )
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
