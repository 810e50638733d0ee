import { createHash } from 'node:crypto'
import Database from 'better-sqlite3'
import { keyOf } from './keys.mjs'

/**
 * Adds `count` keys to the store of a stopped service. Written as SQL, since nothing may import the service.
 *
 * @param {string} databaseFile
 * @param {number} count
 */
export function seed(databaseFile, count) {
  const db = new Database(databaseFile)
  const first = /** @type {{ scopes: string, created_at: number }} */ (
    db.prepare('select scopes, created_at from api_keys limit 1').get()
  )
  const insert = db.prepare(
    `insert into api_keys (key_id, name, scopes, state, generation, direct, created_at, expires_at, secret_hash)
     values (?, ?, ?, 'active', 1, 0, ?, null, ?)`,
  )
  db.transaction(() => {
    for (let index = 0; index < count; index++) {
      const { keyId, keySecret } = keyOf(index)
      const secretHash = createHash('sha256').update(keySecret).digest()
      insert.run(keyId, `bench key ${index}`, first.scopes, first.created_at, secretHash)
    }
  })()
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
}
