import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  type ApiKey,
  changeApiKey,
  disableApiKey,
  enableApiKey,
  endOverlap,
  revokeApiKey,
  rotateApiKey,
} from '../../src/api-key.ts'
import { StartupError } from '../../src/startup-error.ts'
import { MIGRATIONS, SCHEMA_VERSION } from '../../src/store/migrations/migrations.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { APPLICATION_ID } from '../../src/store/sqlite-file.ts'
import { MAX_KEYS } from '../../src/store/sqlite-key-look-up.ts'
import { audit, newKey } from './store-fixtures.ts'
import { storeSuite } from './store-suite.ts'

const SQLITE = new URL('../../src/store/sqlite.ts', import.meta.url)
const newFolder = () => mkdtempSync(join(tmpdir(), 'interhuman-auth-sqlite-'))

storeSuite('SQLite', {
  module: SQLITE,
  exported: 'openSqliteStore',
  create() {
    const folder = newFolder()
    return { location: join(folder, 'a.db'), remove: () => rmSync(folder, { recursive: true }) }
  },
  open: openSqliteStore,
})

let folder: string
let file: string
beforeEach(() => {
  folder = newFolder()
  file = join(folder, 'a.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

async function makeStore(keys = 0): Promise<void> {
  const store = openSqliteStore(file)
  for (let count = 0; count < keys; count += 1) await store.insertApiKey(newKey())
  await store.close()
}

/** Everything in the folder, byte for byte, with the times of the last changes. */
const snapshot = () =>
  readdirSync(folder).map((name) => {
    const path = join(folder, name)
    return { name, mtime: statSync(path).mtimeMs, bytes: readFileSync(path).toString('base64') }
  })

function expectRefusedUntouched(message: RegExp): void {
  const before = snapshot()
  expect(() => openSqliteStore(file)).toThrow(StartupError)
  expect(() => openSqliteStore(file)).toThrow(message)
  expect(snapshot()).toEqual(before)
}

const edit = (work: (db: Database.Database) => void, options: { wal?: boolean } = {}) => {
  const db = new Database(file)
  if (!options.wal) db.pragma('journal_mode = DELETE')
  work(db)
  db.close()
}

const DAMAGED = /a\.db is damaged or not a database; put a backup in its place$/

test('a schema that is newer than the program is refused, and the file is not touched', async () => {
  await makeStore(1)
  edit((db) => db.pragma(`user_version = ${SCHEMA_VERSION + 1}`), { wal: true })
  expectRefusedUntouched(/was made by a newer version \(schema 4, this program knows 3\); use that version$/)
})

test('a newer schema that stands in the write-ahead log only is refused too', async () => {
  await makeStore()
  const db = new Database(file)
  db.pragma('wal_autocheckpoint = 0')
  db.pragma(`user_version = ${SCHEMA_VERSION + 1}`)
  expect(() => openSqliteStore(file)).toThrow(/was made by a newer version/)
  db.close()
})

test('the database of another program is refused, and the file is not touched', () => {
  edit((db) => {
    db.exec('create table other (a)')
    db.pragma('user_version = 1')
  })
  expectRefusedUntouched(/is the database of another program; name another data folder$/)
  edit((db) => db.pragma('application_id = 1'))
  expectRefusedUntouched(/is the database of another program/)
})

test('a database of another program that uses neither mark is refused as well', () => {
  edit((db) => db.exec('create table other (a)'))
  expectRefusedUntouched(/is the database of another program/)
})

test.each([
  ['text', Buffer.from('LEAK this is no database\n'.repeat(500))],
  ['one byte', Buffer.of(0)],
  ['zeros', Buffer.alloc(8192)],
  ['half a header', Buffer.from('SQLite format 3\0')],
])('a file of %s is refused, and not touched', (_, bytes) => {
  writeFileSync(file, bytes)
  expectRefusedUntouched(DAMAGED)
})

test.each([1, 512, 4096, 5000])(
  'a database of which %i bytes are missing is refused, and not touched',
  async (missing) => {
    await makeStore(20)
    truncateSync(file, statSync(file).size - missing)
    expectRefusedUntouched(DAMAGED)
  },
)

test('a database with a damaged page is refused', async () => {
  await makeStore(200)
  const bytes = readFileSync(file)
  for (let page = 1; page < bytes.length / 4096; page += 1) bytes.fill(0xa5, page * 4096, page * 4096 + 64)
  writeFileSync(file, bytes)
  const before = readFileSync(file)
  expect(() => openSqliteStore(file)).toThrow(DAMAGED)
  expect(readFileSync(file).equals(before)).toBe(true)
})

test('an empty file is a new store: a first start that was cut short leaves one', async () => {
  writeFileSync(file, '')
  await makeStore(1)
  const store = openSqliteStore(file)
  expect((await store.listApiKeys({ after: null, limit: 2 })).keys).toHaveLength(1)
  await store.close()
})

test('a folder in the place of the file is told in one line', () => {
  expect(() => openSqliteStore(folder)).toThrow(/cannot be read \(EISDIR\); check its permissions$/)
})

test('a new store carries the marks of this program and this schema', async () => {
  await makeStore()
  edit((db) => {
    expect(db.pragma('application_id', { simple: true })).toBe(APPLICATION_ID)
    expect(db.pragma('user_version', { simple: true })).toBe(SCHEMA_VERSION)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  })
})

test('opening a store of this schema writes nothing', async () => {
  await makeStore(3)
  const before = readFileSync(file)
  const { mtimeMs } = statSync(file)
  await openSqliteStore(file).close()
  expect(readFileSync(file).equals(before)).toBe(true)
  expect(statSync(file).mtimeMs).toBe(mtimeMs)
})

test('a store that was killed in the middle of its first migration is whole or not begun, and opens', async () => {
  const script = `await import(${JSON.stringify(SQLITE.href)}).then((m) => { process.stdout.write('x'); m.openSqliteStore(process.argv[1]); setInterval(() => {}, 1000) })`
  for (let delay = 0; delay < 10; delay += 1) {
    const path = join(folder, `${delay}.db`)
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await new Promise((resolve) => setTimeout(resolve, delay))
    child.kill('SIGKILL')
    await once(child, 'close')
    const db = new Database(path)
    const tables = db.prepare(
      "select count(*) from sqlite_schema where type = 'table' and name not like 'sqlite_%'",
    )
    const state = [db.pragma('user_version', { simple: true }), tables.pluck().get()]
    expect([
      [0, 0],
      [SCHEMA_VERSION, 17],
    ]).toContainEqual(state)
    db.close()
    await openSqliteStore(path).close()
  }
})

test('a store of the first schema is brought up to date, and its keys are as they were', async () => {
  const initial = MIGRATIONS[0]?.sqlite ?? []
  edit((db) => {
    for (const statement of initial) db.exec(statement)
    db.prepare('insert into api_keys values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
      ...['ihk_00000000000000000001', 'old', 'interhumanai.stream', 'active', 1, 0, 1000, null],
      ...[Buffer.alloc(32, 7), null, null],
    )
    db.pragma(`application_id = ${APPLICATION_ID}`)
    db.pragma('user_version = 1')
  })
  const store = openSqliteStore(file)
  const found = await store.findKeyCredentialsBySecret(Buffer.alloc(32, 7))
  expect(found).toEqual(await store.findKeyCredentials('ihk_00000000000000000001'))
  expect(found).toMatchObject({ keyId: 'ihk_00000000000000000001', state: 'active' })
  await store.close()
  edit((db) => expect(db.pragma('user_version', { simple: true })).toBe(SCHEMA_VERSION))
})

test('what was ended under the schema before is told to whoever hears of changes, as long as it has to be', async () => {
  const now = Math.floor(Date.now() / 1000)
  edit((db) => {
    for (const { sqlite } of MIGRATIONS.slice(0, 2)) for (const statement of sqlite) db.exec(statement)
    const insertKey = db.prepare('insert into api_keys values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    const insertEntry = db.prepare(
      `insert into audit (at, actor, action, subject, detail) values (?, 'start', ?, ?, '{}')`,
    )
    for (const [id, state, generation, action, at] of [
      ['ihk_revoked', 'revoked', 3, 'key.revoke', now - 60],
      ['ihk_rotated', 'active', 2, 'key.rotate', now - 120],
      ['ihk_revoked_long_ago', 'revoked', 2, 'key.revoke', now - 4000],
      ['ihk_created', 'active', 1, 'key.create', now - 60],
    ] as const) {
      insertKey.run(
        id,
        'old',
        'interhumanai.stream',
        state,
        generation,
        0,
        1,
        null,
        Buffer.alloc(32),
        null,
        null,
      )
      insertEntry.run(at, action, id)
    }
    const insertToken = db.prepare('insert into revoked_tokens values (?, ?)')
    insertToken.run('living', now + 1000)
    insertToken.run('over', now - 1)
    db.pragma(`application_id = ${APPLICATION_ID}`)
    db.pragma('user_version = 2')
  })
  const store = openSqliteStore(file)
  const { changes, revision } = await store.readChanges(null)
  expect(revision).toBe(3)
  expect(changes).toMatchObject([
    { revision: 1, kind: 'key', subject: 'ihk_revoked', generation: 3 },
    { revision: 2, kind: 'key', subject: 'ihk_rotated', generation: 2 },
    { revision: 3, kind: 'token', subject: 'living', generation: null, expiresAt: now + 1000 },
  ])
  await store.close()
})

test('a key is found by its secret without reading all keys', async () => {
  await makeStore(1)
  edit((db) => {
    const plan = (column: string) =>
      JSON.stringify(db.prepare(`explain query plan select 1 from api_keys where ${column} = ?`).all(''))
    for (const column of ['secret_hash', 'previous_secret_hash'])
      expect(plan(column)).toContain('SEARCH api_keys USING')
  })
})

test('several that open one new file at once all come up', async () => {
  const script = `await import(${JSON.stringify(SQLITE.href)}).then((m) => m.openSqliteStore(process.argv[1]).close())`
  const codes = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], { stdio: 'inherit' })
      const [code] = await once(child, 'close')
      return code as number
    }),
  )
  expect(codes).toEqual([0, 0, 0, 0, 0, 0])
})

test('a damaged page that turns up later is an answer that the store is not there, never another key', async () => {
  await makeStore(400)
  const store = openSqliteStore(file)
  const [key] = (await store.listApiKeys({ after: null, limit: 1 })).keys
  await store.close()
  const reader = openSqliteStore(file)
  const bytes = readFileSync(file)
  for (let page = 1; page < bytes.length / 4096; page += 1) bytes.fill(0xa5, page * 4096, page * 4096 + 4096)
  writeFileSync(file, bytes)
  await expect(reader.findKeyCredentials(key?.keyId ?? '')).rejects.toThrow('SQLite does not answer')
  await reader.close().catch(() => {})
})

const CHANGES: readonly (readonly [string, (key: ApiKey) => ApiKey])[] = [
  ['disabled', disableApiKey],
  ['enabled', enableApiKey],
  ['another name, which look-ups do not show', (key) => changeApiKey(key, { name: 'other' }, 1000)],
  ['fewer scopes', (key) => changeApiKey(key, { scopes: [UPLOAD_SCOPE] }, 1000)],
  ['an end', (key) => changeApiKey(key, { expiresAt: 5000 }, 1000)],
  ['another secret', (key) => rotateApiKey(key, { secret: 'ih_live_LEAK_2', overlapSeconds: 60, now: 1000 })],
  ['one secret alone', (key) => endOverlap(key, 1000)],
  ['revoked', revokeApiKey],
]

test('what was read of a key is never given once another connection has changed the key', async () => {
  const [reader, writer] = [openSqliteStore(file), openSqliteStore(file)]
  const added = newKey()
  await writer.insertApiKey(added)
  const first = await reader.findKeyCredentials(added.key.keyId)
  expect(await reader.findKeyCredentials(added.key.keyId)).toBe(first)
  for (const [what, change] of CHANGES) {
    const changed = await writer.changeApiKey(added.key.keyId, (key) => ({
      key: change(key),
      audit: audit(key.keyId),
    }))
    const found = await reader.findKeyCredentials(added.key.keyId)
    expect(found, what).toMatchObject({
      state: changed?.state,
      scopes: changed?.scopes,
      expiresAt: changed?.expiresAt,
      secretHash: changed?.secret.hash,
      previousSecretHash: changed?.previousSecret?.hash ?? null,
      revision: changed?.revision,
    })
    expect(await reader.findKeyCredentials(added.key.keyId), what).toBe(found)
  }
  await reader.close()
  await writer.close()
})

test('so many keys are remembered at most', async () => {
  const store = openSqliteStore(file)
  const keys = Array.from({ length: MAX_KEYS + 1 }, () => newKey())
  await store.insertApiKeys(keys, () => {})
  const read = () => Promise.all(keys.map(({ key }) => store.findKeyCredentials(key.keyId)))
  const [first, second] = [await read(), await read()]
  expect(second).toEqual(first)
  expect(second.filter((found, index) => found === first[index])).toHaveLength(0)
  await store.close()
})
