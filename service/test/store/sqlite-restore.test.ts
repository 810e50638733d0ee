import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { backUpSqlite } from '../../src/store/sqlite-backup.ts'
import { openReplaced, type ReplacedDatabase, takeBackup } from '../../src/store/sqlite-restore.ts'
import { audit, newKey } from './store-fixtures.ts'

let folder: string
let file: string
let staged: string
let replaced: ReplacedDatabase | undefined
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-restore-'))
  file = join(folder, 'a.db')
  staged = join(folder, 'staged.db')
  const store = openSqliteStore(file)
  await store.insertApiKey(newKey())
  await backUpSqlite(file, join(folder, 'backup.db'), randomBytes)
  await store.insertApiKey(newKey())
  await store.revokeToken({ tokenId: 't1', revokedAt: 1000, expiresAt: 2000 }, audit('t1', 'token.revoke'))
  await store.close()
  expect(takeBackup(join(folder, 'backup.db'), staged).rows.api_keys).toBe(1)
  replaced = openReplaced(file, staged)
})
afterEach(() => {
  replaced?.close()
  rmSync(folder, { recursive: true })
})

const kept = () => join(folder, 'a.db.before')

test('keys and revoked tokens that the backup lacks are found page by page', () => {
  const keys = replaced?.changedKeys('', 10) ?? []
  expect(keys).toHaveLength(1)
  expect(replaced?.changedKeys(keys[0]?.keyId ?? '', 10)).toEqual([])
  expect(replaced?.revokedTokens('', 10, 1000)).toEqual([{ tokenId: 't1', expiresAt: 2000 }])
  expect(replaced?.revokedTokens('t1', 10, 1000)).toEqual([])
  expect(replaced?.revokedTokens('', 10, 2000)).toEqual([])
})

test('nothing is replaced while another has the database open, whatever its leases say', () => {
  const other = new Database(file)
  other.prepare('select count(*) from api_keys').get()
  const before = readFileSync(file)
  expect(() => replaced?.replace(staged, kept())).toThrow(/is in use; stop the service/)
  other.close()
  expect(readFileSync(file).equals(before)).toBe(true)
  expect(existsSync(kept())).toBe(false)
})

test('nothing is replaced when the database was changed after it was looked at', async () => {
  const store = openSqliteStore(file)
  await store.insertApiKey(newKey())
  await store.close()
  expect(() => replaced?.replace(staged, kept())).toThrow(/is in use/)
})

test('the backup takes the place, and the database before is whole beside it without a log', () => {
  replaced?.replace(staged, kept())
  replaced?.close()
  const count = (path: string) => {
    const db = new Database(path, { readonly: true })
    const keys = db.prepare('select count(*) from api_keys').pluck().get()
    db.close()
    return keys
  }
  expect([count(file), count(kept())]).toEqual([1, 2])
  expect(readdirSync(folder).sort()).toEqual(['a.db', 'a.db.before', 'backup.db'])
})
