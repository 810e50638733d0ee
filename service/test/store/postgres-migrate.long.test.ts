import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/create-test-database.ts'
import { waitUntil } from '../../../test/support/start-service.ts'
import { StartupError } from '../../src/startup-error.ts'
import type { Migration } from '../../src/store/migrations/migration.ts'
import { MIGRATIONS, SCHEMA_VERSION } from '../../src/store/migrations/migrations.ts'
import { readPostgresVersion } from '../../src/store/postgres.ts'
import { parsePostgresAddress } from '../../src/store/postgres-address.ts'
import { MIGRATING } from '../../src/store/postgres-migrate.ts'
import { LIMITS, openPostgres, run } from './postgres-under-test.ts'
import { newKey } from './store-fixtures.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.remove())

const state = () => run(database.url, 'select version, compatible_from from schema_state')
const tables = () =>
  run(database.url, `select tablename from pg_tables where schemaname = 'public' order by tablename`)

async function migrate(...more: Migration[]): Promise<void> {
  const store = await openPostgres(database.url, { migrations: [...MIGRATIONS, ...more] })
  await store.close()
}

const next = (postgres: readonly string[], compatibleFrom?: number): Migration => ({
  sqlite: [],
  postgres,
  ...(compatibleFrom !== undefined && { compatibleFrom }),
})

test('three nodes that start at once on an empty database migrate it once', async () => {
  const lock = new Client({ connectionString: database.url })
  await lock.connect()
  await lock.query('begin')
  await lock.query(MIGRATING)
  const under = new URL('postgres-under-test.ts', import.meta.url).href
  const node = fileURLToPath(new URL('store-process.ts', import.meta.url))
  const started = ['a', 'b', 'c'].map((value) =>
    spawn(process.execPath, [node, under, 'openPostgres', database.url, 'settle', 'issuer', value], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  // Each of them has seen by then that there is no schema.
  const waiting = `select pid from pg_locks where locktype = 'advisory' and not granted
    and database = (select oid from pg_database where datname = current_database())`
  await waitUntil(
    async () => (await run(database.url, waiting)).length === 3,
    () => 'the nodes do not wait for one another',
  )
  await lock.end()
  const settled = started.map(async (child) => {
    const [text] = await once(child.stdout, 'data')
    expect((await once(child, 'close'))[0]).toBe(0)
    return JSON.parse(String(text)) as string
  })
  expect(new Set(await Promise.all(settled)).size).toBe(1)
  expect(await state()).toEqual([{ version: String(SCHEMA_VERSION), compatible_from: '3' }])
  expect(await run(database.url, 'select id from change_head')).toHaveLength(1)
})

test('the version of a schema is read without changing it: none, and that of this program', async () => {
  const options = { address: parsePostgresAddress(database.url), limits: LIMITS }
  expect(await readPostgresVersion(options)).toBe(0)
  expect(await tables()).toEqual([])
  await migrate()
  expect(await readPostgresVersion(options)).toBe(SCHEMA_VERSION)
})

test('a program goes on with a newer schema that says it goes with it, and does not turn it back', async () => {
  await migrate(next(['alter table api_keys add column note text', 'create table notes (id bigint)']))
  const store = await openPostgres(database.url)
  const added = newKey()
  await store.insertApiKey(added)
  expect(await store.findApiKey(added.key.keyId)).toEqual(added.key)
  await store.close()
  expect(await state()).toEqual([{ version: String(SCHEMA_VERSION + 1), compatible_from: '3' }])
})

test('what was ended under the schema before is told to whoever hears of changes, as long as it has to be', async () => {
  const old = await openPostgres(database.url, { migrations: MIGRATIONS.slice(0, 2) })
  await old.close()
  const now = 'extract(epoch from now())::bigint'
  const keys = ['revoked', 'disabled', 'active'].map(
    (state, index) =>
      `('ihk_${state}', 'old', '', '${state}', ${2 - (index >> 1)}, 0, 1, sha256('${state}'))`,
  )
  await run(
    database.url,
    `insert into api_keys (key_id, name, scopes, state, generation, direct, created_at, secret_hash)
     values ${keys.join()}`,
  )
  await run(
    database.url,
    `insert into audit (at, actor, action, subject, detail) values
     (${now} - 60, 'start', 'key.revoke', 'ihk_revoked', '{}'), (${now} - 4000, 'start', 'key.disable', 'ihk_disabled', '{}'),
     (${now} - 60, 'start', 'key.create', 'ihk_active', '{}')`,
  )
  await run(database.url, `insert into revoked_tokens values ('living', ${now} + 1000), ('over', ${now})`)
  const store = await openPostgres(database.url)
  const { changes, revision } = await store.readChanges(null)
  await store.close()
  expect(revision).toBe(2)
  expect(changes).toMatchObject([
    { revision: 1, kind: 'key', subject: 'ihk_revoked', generation: 2 },
    { revision: 2, kind: 'token', subject: 'living', generation: null },
  ])
})

test('a program refuses a newer schema that does not go with it, and leaves it as it is', async () => {
  const contract = next(['alter table api_keys drop column direct'], SCHEMA_VERSION + 1)
  await migrate(contract, next(['create table later (id bigint)']))
  const refused = openPostgres(database.url)
  await expect(refused).rejects.toThrow(StartupError)
  await expect(refused).rejects.toThrow(
    `the database was made by a newer version (schema ${SCHEMA_VERSION + 2}, this program knows ${SCHEMA_VERSION}); use that version`,
  )
  expect(await state()).toEqual([
    { version: String(SCHEMA_VERSION + 2), compatible_from: String(SCHEMA_VERSION + 1) },
  ])
})

test('a migration that fails in the middle leaves nothing of itself', async () => {
  await migrate()
  const before = await tables()
  await expect(migrate(next(['create table half (id bigint)', 'select 1 / 0']))).rejects.toThrow(/\(22012\)/)
  expect(await tables()).toEqual(before)
  expect(await state()).toEqual([{ version: String(SCHEMA_VERSION), compatible_from: '3' }])
})

test('a database with the tables of another program is refused and left as it is', async () => {
  await run(database.url, 'create table audit (mine bigint)')
  await expect(openPostgres(database.url)).rejects.toThrow(
    'the database holds tables of another program; name a database of its own',
  )
  expect(await tables()).toEqual([{ tablename: 'audit' }])
})

test('a database that cannot hold every letter is refused', async () => {
  const name = `${database.name}_ascii`
  await run(
    database.url,
    `create database ${name} template template0 encoding 'SQL_ASCII' locale_provider libc locale 'C'`,
  )
  try {
    const url = database.url.replace(database.name, name)
    await expect(openPostgres(url)).rejects.toThrow(
      /keeps text as SQL_ASCII; make one with the encoding UTF8/,
    )
  } finally {
    await run(database.url, `drop database ${name} with (force)`)
  }
})

test('once the schema is there, a node needs no right but to read and write rows', async () => {
  await migrate()
  const role = `${database.name}_node`
  await run(database.url, `create role ${role} login password 'LEAK-node'`)
  try {
    await run(database.url, `grant select, insert, update, delete on all tables in schema public to ${role}`)
    const url = database.url.replace(/\/\/[^@]+@/, `//${role}:LEAK-node@`)
    const store = await openPostgres(url)
    const added = newKey()
    await store.insertApiKey(added)
    await store.changeApiKey(added.key.keyId, (key) => ({
      key: { ...key, name: 'other' },
      audit: added.audit,
    }))
    expect((await store.readChanges(null)).revision).toBe(1)
    expect(await store.readWarnings()).not.toEqual([])
    await store.close()
  } finally {
    await run(database.url, `drop owned by ${role}; drop role ${role}`)
  }
})
