import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { CHECKPOINT_BYTES } from '../../src/store/sqlite-read-lock.ts'
import type { Store } from '../../src/store/store.ts'
import { newKey } from './store-fixtures.ts'

let folder: string
let store: Store
let other: Database.Database
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-lock-'))
  store = openSqliteStore(join(folder, 'a.db'))
  other = new Database(join(folder, 'a.db'), { timeout: 5000 })
})
afterEach(async () => {
  other.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

test('every look-up sees what another connection committed just before it, whoever holds the lock', async () => {
  const added = newKey()
  const { keyId } = added.key
  await store.insertApiKey(added)
  // Every change gives its revision to the key.
  const change = other.prepare('update api_keys set generation = ?, revision = ? where key_id = ?')
  for (let generation = 2; generation < 500; generation += 1) {
    change.run(generation, generation, keyId)
    const found = await store.findKeyCredentials(keyId)
    expect(found?.generation).toBe(generation)
    if (generation % 50 === 0) await pause(20)
  }
})

test('the write-ahead log stays small although look-ups never pause', async () => {
  const added = newKey()
  const { keyId } = added.key
  await store.insertApiKey(added)
  let done = false
  const lookUps = (async () => {
    while (!done) {
      await store.findKeyCredentials(keyId)
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  other.pragma('synchronous = OFF')
  other.exec('create table filler (bytes blob)')
  const insert = other.prepare('insert into filler values (randomblob(200000))')
  for (let count = 0; count < 300; count += 1) {
    insert.run()
    await pause(5)
  }
  done = true
  await lookUps
  expect(statSync(join(folder, 'a.db')).size).toBeGreaterThan(8 * CHECKPOINT_BYTES)
  expect(statSync(join(folder, 'a.db-wal')).size).toBeLessThan(4 * CHECKPOINT_BYTES)
})
