import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SCHEMA_VERSION } from '../../src/store/migrations/migrations.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { backUpSqlite, readSqliteVersion } from '../../src/store/sqlite-backup.ts'
import type { Store } from '../../src/store/store.ts'
import { newKey } from './store-fixtures.ts'

let folder: string
let file: string
let store: Store
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-backup-'))
  file = join(folder, 'a.db')
  store = openSqliteStore(file)
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const backups = () => readdirSync(folder).filter((name) => !name.startsWith('a.db'))

test('a backup of a store in use is one file that only its owner reads, and holds every key with what was not yet in the main file', async () => {
  const [one, two] = [newKey(), newKey()]
  await store.insertApiKey(one)
  await store.insertApiKey(two)
  const target = join(folder, 'backup.db')
  const contents = await backUpSqlite(file, target, randomBytes)
  expect(contents).toMatchObject({ schemaVersion: SCHEMA_VERSION, rows: { api_keys: 2, audit: 2 } })
  expect(backups()).toEqual(['backup.db'])
  expect(statSync(target).mode & 0o777).toBe(0o600)
  const restored = openSqliteStore(target)
  try {
    expect(await restored.findApiKey(one.key.keyId)).toEqual(one.key)
    expect(await restored.findApiKey(two.key.keyId)).toEqual(two.key)
  } finally {
    await restored.close()
  }
  await store.insertApiKey(newKey())
})

test('a backup replaces nothing, and leaves nothing where it cannot be whole', async () => {
  const target = join(folder, 'backup.db')
  writeFileSync(target, 'a file of somebody')
  await expect(backUpSqlite(file, target, randomBytes)).rejects.toThrow(/exists already; name a new file$/)
  expect(statSync(target).size).toBe(18)
  await expect(backUpSqlite(file, join(folder, 'none', 'b.db'), randomBytes)).rejects.toThrow(/ENOENT/)
  await store.insertApiKey(newKey())
  const damaged = join(folder, 'damaged.db')
  await backUpSqlite(file, damaged, randomBytes)
  const db = new Database(damaged)
  const page = db
    .prepare(`select rootpage from sqlite_schema where name = 'api_keys_by_creation'`)
    .pluck()
    .get()
  db.close()
  const bytes = readFileSync(damaged)
  writeFileSync(damaged, bytes.fill(0x0d, (Number(page) - 1) * 4096, Number(page) * 4096))
  await expect(backUpSqlite(damaged, join(folder, 'c.db'), randomBytes)).rejects.toThrow(
    /is damaged|cannot be written/,
  )
  expect(backups()).toEqual(['backup.db', 'damaged.db'])
})

test('the version of a schema is read without changing it', async () => {
  expect(readSqliteVersion(file)).toBe(SCHEMA_VERSION)
  const older = join(folder, 'older.db')
  const db = new Database(older)
  db.pragma('application_id = 0x49484155')
  db.pragma('user_version = 2')
  db.close()
  expect(readSqliteVersion(older)).toBe(2)
  expect(readSqliteVersion(older)).toBe(2)
})
