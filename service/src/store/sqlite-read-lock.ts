import { statSync } from 'node:fs'
import Database from 'better-sqlite3'

/** For how long one lock is held, in milliseconds. */
const HOLD_MS = 50

/** From this size on the write-ahead log is copied into the database when its lock is let go, in bytes (SQLite's own measure). */
export const CHECKPOINT_BYTES = 4 * 1024 * 1024

/** A read lock that the look-ups of this process share. */
export interface SharedReadLock {
  /** Takes the lock unless it is held; called before each look-up. */
  hold(): void
  close(): void
}

/**
 * Keeps one read lock of a write-ahead log on a connection of its own. Each look-up still reads in a transaction of its
 * own and sees every commit, but SQLite asks the system for no lock that another connection of the same process holds,
 * which is most of what a look-up costs.
 *
 * While the lock is held, no checkpoint can be completed; it is therefore let go often, and what another process could
 * not copy is then copied here.
 *
 * @param checkpoint copies the write-ahead log into the database; called with no look-up under way.
 * @see The SQLite documentation, "Write-Ahead Logging", sections 2.2 and 6
 */
export function shareReadLock(file: string, checkpoint: () => void): SharedReadLock {
  const db = new Database(file, { readonly: true })
  const [begin, read, end] = [db.prepare('begin'), db.prepare('select 1 from settings'), db.prepare('commit')]
  const dataVersion = db.prepare('pragma data_version').pluck()
  let version: unknown
  let timer: NodeJS.Timeout | undefined

  const release = () => {
    timer = undefined
    if (db.inTransaction) end.run()
    const last = version
    version = dataVersion.get()
    if (version !== last && statSync(`${file}-wal`).size >= CHECKPOINT_BYTES) checkpoint()
  }
  return {
    hold() {
      if (timer !== undefined) return
      timer = setTimeout(() => attempt(release), HOLD_MS).unref()
      attempt(() => {
        begin.run()
        read.get()
      })
    },
    close() {
      clearTimeout(timer)
      db.close()
    },
  }
}

/** A look-up without the shared lock takes its own; what ails the database is for the look-up to tell. */
function attempt(step: () => void): void {
  try {
    step()
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}
