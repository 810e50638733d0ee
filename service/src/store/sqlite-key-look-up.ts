import type Database from 'better-sqlite3'
import { LRUCache } from 'lru-cache'
import { type KeyCredentials, keepApart } from '../authenticate-key.ts'
import { type KeyCredentialsRow, toKeyCredentials } from './rows.ts'

/** So many keys are kept as they were read, the last ones asked for: some 3 MB. */
export const MAX_KEYS = 4096

const CREDENTIALS = `select key_id, scopes, state, generation, expires_at, hex(secret_hash) as secret_hash,
    hex(previous_secret_hash) as previous_secret_hash, previous_secret_expires_at, direct, revision,
    secret_number, previous_secret_number
  from api_keys`

/** The look-ups of a request in a SQLite file. */
export interface KeyLookUp {
  byId(keyId: string): KeyCredentials | undefined
  /** By the SHA-256 of one of its secrets. */
  bySecret(secretHash: Buffer): KeyCredentials | undefined
}

/**
 * Prepares the look-ups. The file is asked each time, but of a key that was read lately for the revision of its last change
 * alone: one number costs half of what a row of a dozen columns costs, and while it is the same, so is the row.
 */
export function prepareKeyLookUp(reader: Database.Database): KeyLookUp {
  const findRow = reader.prepare<[string], KeyCredentialsRow>(`${CREDENTIALS} where key_id = ?`)
  const findRowBySecret = reader.prepare<[Buffer, Buffer], KeyCredentialsRow>(
    `${CREDENTIALS} where secret_hash = ? union all ${CREDENTIALS} where previous_secret_hash = ? limit 1`,
  )
  const findRevision = reader
    .prepare<[string], number>('select revision from api_keys where key_id = ?')
    .pluck()
  const known = new LRUCache<string, KeyCredentials>({ max: MAX_KEYS })
  return {
    byId(keyId) {
      const key = known.get(keyId)
      if (key !== undefined && findRevision.get(keyId) === key.revision) return key
      const row = findRow.get(keyId)
      if (row === undefined) return undefined
      const read = keepApart(toKeyCredentials(row))
      known.set(keyId, read)
      return read
    },
    bySecret(secretHash) {
      const row = findRowBySecret.get(secretHash, secretHash)
      return row && toKeyCredentials(row)
    },
  }
}
