import { createHash } from 'node:crypto'
import Database from 'better-sqlite3'
import { keyOf } from './keys.mjs'

/**
 * Fills the store of a stopped service up to `count` keys, by copying the row of the key that it made at its first start.
 * Written as SQL, since nothing may import the service.
 *
 * @param {string} databaseFile
 * @param {number} count
 */
export function seed(databaseFile, count) {
  const db = new Database(databaseFile)
  const insert = db.prepare(
    `insert into api_keys (key_id, name, scopes, state, generation, direct, created_at, expires_at, secret_hash)
     select ?, ?, scopes, state, generation, direct, created_at, expires_at, ? from api_keys where name = 'first key'`,
  )
  db.transaction(() => {
    for (let index = 0; index < count; index++) {
      const { keyId, keySecret } = keyOf(index)
      insert.run(keyId, `bench key ${index}`, createHash('sha256').update(keySecret).digest())
    }
  })()
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
}
