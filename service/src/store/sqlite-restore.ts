import { copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import type { AdminToken } from '../admin-token.ts'
import type { ApiKey } from '../api-key.ts'
import { OperatorError } from '../operator-error.ts'
import type { SigningKey } from '../signing-key.ts'
import type { Verifier } from '../verifier.ts'
import { SCHEMA_VERSION } from './migrations/migrations.ts'
import type { RevokedToken } from './pages.ts'
import { toApiKey, toSigningKey, toVerifier } from './rows.ts'
import { toAdminToken } from './sql-admin-tokens.ts'
import { readWhole, type SqliteContents, syncPath } from './sqlite-backup.ts'
import { damaged, foreign, inspectSqliteFile, refuseForeign } from './sqlite-file.ts'
import type { AdminTokenTable, ApiKeyTable, SigningKeyTable, VerifierTable } from './tables.ts'

const LOGS = ['-wal', '-shm', '-journal']

/**
 * Copies a backup into a place of its own and reads all of it there.
 *
 * @throws {StartupError} when it is damaged, another program's or newer than this one.
 * @throws {OperatorError} when there is none, or it is the file of a running service rather than a backup.
 */
export function takeBackup(backup: string, staged: string): SqliteContents {
  if (statSync(backup, { throwIfNoEntry: false })?.isFile() !== true)
    throw new OperatorError(`there is no backup ${backup}`)
  if (existsSync(`${backup}-wal`) && statSync(`${backup}-wal`).size > 0)
    throw new OperatorError(
      `${backup} has a write-ahead log beside it and is no backup; make one with backup`,
    )
  inspectSqliteFile(backup)
  copyFileSync(backup, staged)
  const contents = readWhole(staged)
  if (contents.schemaVersion === 0) throw foreign(backup)
  return contents
}

/** The database that a backup is about to replace. */
export interface ReplacedDatabase {
  /** The last revision that was given. */
  readonly revision: number
  /** Of services that live: the host and the process. */
  readonly running: readonly string[]
  /** The next keys that are other ones than in the backup, or not there, in the order of their ids. */
  changedKeys(after: string, limit: number): readonly ApiKey[]
  /** The next tokens that are revoked here, and not in the backup. */
  revokedTokens(after: string, limit: number, now: number): readonly RevokedToken[]
  readonly signingKeys: readonly SigningKey[]
  readonly verifiers: readonly Verifier[]
  readonly adminTokens: readonly AdminToken[]
  /**
   * Puts the other file in its place, and leaves this one beside it.
   *
   * @throws {OperatorError} when others use it, or have changed it since it was opened; nothing is replaced then.
   */
  replace(staged: string, keptAs: string): void
  close(): void
}

const CHANGED_KEYS = `select o.* from main.api_keys o left join staged.api_keys r on r.key_id = o.key_id
  where o.key_id > ? and (r.key_id is null
    or (o.name, o.scopes, o.state, o.generation, o.direct, o.expires_at, o.secret_hash, o.previous_secret_hash,
        o.previous_secret_expires_at)
      is not (r.name, r.scopes, r.state, r.generation, r.direct, r.expires_at, r.secret_hash, r.previous_secret_hash,
        r.previous_secret_expires_at))
  order by o.key_id limit ?`

const REVOKED_TOKENS = `select token_id as tokenId, expires_at as expiresAt from main.revoked_tokens o
  where token_id > ? and expires_at > ? and not exists (
    select 1 from staged.revoked_tokens r where r.token_id = o.token_id
  ) order by token_id limit ?`

/** Every change of what can be dead has its audit row. */
const LAST_AUDIT_ID = 'select last_id from main.audit_head'

/**
 * Opens the database that is to be replaced beside the one that replaces it.
 *
 * @returns `undefined` when it is damaged, so that nothing can be known of it.
 * @throws {OperatorError} when it has another version of the schema.
 * @throws {StartupError} when it is newer than this program or another program's.
 */
export function openReplaced(file: string, staged: string): ReplacedDatabase | undefined {
  let db: Database.Database | undefined
  try {
    inspectHeader(file)
    db = new Database(file, { timeout: 1000 })
    db.pragma('trusted_schema = OFF')
    const version = db.pragma('user_version', { simple: true }) as number
    refuseForeign(file, db.pragma('application_id', { simple: true }) as number, version)
    if (version !== SCHEMA_VERSION)
      throw new OperatorError(`${file} has schema ${version} and cannot be compared; run migrate first`)
    if (db.pragma('quick_check(1)', { simple: true }) !== 'ok') throw damaged(file)
    return readReplaced(file, db, staged)
  } catch (error) {
    db?.close()
    if (isDamage(file, error)) return undefined
    throw error
  }
}

function readReplaced(file: string, db: Database.Database, staged: string): ReplacedDatabase {
  const running = db
    .prepare<[], string>(
      `select name from leases where kind = 'node' and expires_at_ms > unixepoch('subsec') * 1000 order by name`,
    )
    .pluck()
    .all()
  const seen = db.prepare(LAST_AUDIT_ID).pluck().get()
  db.prepare('attach ? as staged').run(staged)
  const changedKeys = db.prepare<[string, number], ApiKeyTable>(CHANGED_KEYS)
  const revokedTokens = db.prepare<[string, number, number], RevokedToken>(REVOKED_TOKENS)
  return {
    running,
    revision: db.prepare<[], number>('select revision from main.change_head').pluck().get() ?? 0,
    signingKeys: db
      .prepare<[], SigningKeyTable>('select * from main.signing_keys order by created_at')
      .all()
      .map(toSigningKey),
    verifiers: db.prepare<[], VerifierTable>('select * from main.verifiers').all().map(toVerifier),
    adminTokens: db.prepare<[], AdminTokenTable>('select * from main.admin_tokens').all().map(toAdminToken),
    changedKeys: (after, limit) =>
      changedKeys.all(after, limit).map((row) => toApiKey({ ...row, last_used_at: null })),
    revokedTokens: (after, limit, now) => revokedTokens.all(after, now, limit),
    replace(other, keptAs) {
      db.close()
      const lock = new Database(file, { timeout: 1000 })
      try {
        holdAlone(file, lock)
        if (lock.prepare(LAST_AUDIT_ID).pluck().get() !== seen) throw inUse(file)
        putInPlace(file, other, keptAs)
      } finally {
        lock.close()
      }
    },
    close: () => db.close(),
  }
}

/**
 * Whoever has the file open holds a lock on it, of this version or another, so that its log cannot be taken away. On a
 * connection of its own: one that has read before may go on with what it remembers when the log goes.
 */
function holdAlone(file: string, db: Database.Database): void {
  try {
    db.pragma('journal_mode = DELETE')
    db.exec('begin exclusive')
  } catch (error) {
    throw error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY') ? inUse(file) : error
  }
}

/**
 * Puts a whole database in the place of a file, which stays beside it. At no moment is there none.
 *
 * @param keptAs `undefined` where there is nothing to keep.
 */
export function putInPlace(file: string, staged: string, keptAs: string | undefined): void {
  if (existsSync(`${staged}-wal`)) throw new Error('the copy still has a write-ahead log')
  syncPath(staged)
  if (keptAs !== undefined) {
    linkSync(file, keptAs)
    // A log of the file before would be taken for one of the new file.
    for (const log of LOGS) if (existsSync(file + log)) renameSync(file + log, keptAs + log)
  } else for (const log of LOGS) rmSync(file + log, { force: true })
  renameSync(staged, file)
  syncPath(dirname(file))
}

/** A file without a log may be opened; one with a log is judged with it. */
function inspectHeader(file: string): void {
  if (statSync(file).size === 0) throw damaged(file)
  inspectSqliteFile(file)
}

function isDamage(file: string, error: unknown): boolean {
  if (error instanceof Database.SqliteError)
    return error.code === 'SQLITE_NOTADB' || error.code.startsWith('SQLITE_CORRUPT')
  return error instanceof Error && error.message === damaged(file).message
}

function inUse(file: string): OperatorError {
  return new OperatorError(`${file} is in use; stop the service and every command, then restore`)
}
