import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MIGRATIONS, SCHEMA_VERSION } from '../../src/store/migrations/migrations.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { APPLICATION_ID } from '../../src/store/sqlite-file.ts'

const SQLITE = new URL('../../src/store/sqlite.ts', import.meta.url).href
const DRIVER = import.meta.resolve('better-sqlite3')
const ID = 'ihk_00000000000000000001'
const SECRET_HASH = Buffer.alloc(32, 7)

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-migrate-'))
  file = join(folder, 'a.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A store as the first schema left it, with a key and so many more that a change of the table takes pages. */
function makeFirst(path: string): void {
  const db = new Database(path)
  db.pragma('journal_mode = WAL')
  for (const statement of MIGRATIONS[0]?.sqlite ?? []) db.exec(statement)
  const insert = db.prepare('insert into api_keys values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const insertKey = (id: string, hash: Buffer) =>
    insert.run(id, 'old', 'interhumanai.stream', 'active', 1, 0, 1000, null, hash, null, null)
  insertKey(ID, SECRET_HASH)
  db.transaction(() => {
    for (let count = 2; count <= 500; count += 1) {
      const hash = Buffer.alloc(32)
      hash.writeUInt32BE(count)
      insertKey(`ihk_${String(count).padStart(20, '0')}`, hash)
    }
  })()
  db.pragma(`application_id = ${APPLICATION_ID}`)
  db.pragma('user_version = 1')
  db.close()
}

function read(path: string) {
  const db = new Database(path, { readonly: true })
  try {
    return {
      version: db.pragma('user_version', { simple: true }),
      integrity: db.pragma('integrity_check', { simple: true }),
      schema: db.prepare('select type, name, tbl_name, sql from sqlite_schema order by type, name').all(),
      keys: db.prepare('select key_id, name, scopes, state, generation, secret_hash from api_keys').all(),
    }
  } finally {
    db.close()
  }
}

/** Opens a store in a process that is killed, by itself and at once, when so many statements of the migration are done. */
function killAfter(path: string, statements: number): void {
  const script = `
    const { default: Database } = await import(${JSON.stringify(DRIVER)})
    const { openSqliteStore } = await import(${JSON.stringify(SQLITE)})
    let left = ${statements}
    const kill = () => process.kill(process.pid, 'SIGKILL')
    const { exec, pragma } = Database.prototype
    Database.prototype.exec = function (statement) {
      if (!this.inTransaction) return exec.call(this, statement)
      if (left === 0) kill()
      left -= 1
      return exec.call(this, statement)
    }
    Database.prototype.pragma = function (text, options) {
      const result = pragma.call(this, text, options)
      if (text.startsWith('user_version =')) kill()
      return result
    }
    openSqliteStore(process.argv[1])`
  const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, path], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' })
}

test('a store of the first schema whose program is killed in the middle of its migration is as it was, and then opens', async () => {
  makeFirst(file)
  const before = read(file)
  expect(before).toMatchObject({ version: 1, integrity: 'ok' })
  const statements = MIGRATIONS.slice(1).flatMap(({ sqlite }) => sqlite).length
  expect(statements).toBeGreaterThan(5)
  // The last one is killed when only the commit is to come.
  for (const part of [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1]) {
    const done = Math.round(part * statements)
    killAfter(file, done)
    expect(read(file), `killed after ${done} statements`).toEqual(before)
  }
  const store = openSqliteStore(file)
  expect(await store.findKeyCredentialsBySecret(SECRET_HASH)).toMatchObject({ keyId: ID, state: 'active' })
  await store.close()
  const after = read(file)
  expect(after).toMatchObject({ version: SCHEMA_VERSION, integrity: 'ok', keys: before.keys })
})
