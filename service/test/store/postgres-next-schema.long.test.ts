import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/create-test-database.ts'
import type { Migration } from '../../src/store/migrations/migration.ts'
import { MIGRATIONS, SCHEMA_VERSION } from '../../src/store/migrations/migrations.ts'
import { emptyPostgres, openPostgres, run } from './postgres-under-test.ts'
import { storeSuite } from './store-suite.ts'

/** All that a migration may do while nodes of this version go on. */
const EXPANDING: Migration = {
  sqlite: [],
  postgres: [
    'create table next_things (id bigint primary key, name text not null)',
    `alter table api_keys add column next_note text not null default ''`,
    'alter table changes add column next_number bigint',
    'create index api_keys_next on api_keys (next_note)',
    `create function next_tell() returns trigger language plpgsql as $$
      begin
        insert into next_things select coalesce(max(id), 0) + 1, new.key_id from next_things;
        return new;
      end
    $$`,
    'create trigger api_keys_next before update on api_keys for each row execute function next_tell()',
  ],
}

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.remove())

const openNext = (url: string) => openPostgres(url, { migrations: [...MIGRATIONS, EXPANDING] })

let opened = 0

storeSuite('PostgreSQL with the schema of the next version, nodes of both versions at once', {
  module: new URL('postgres-under-test.ts', import.meta.url),
  exported: 'openPostgres',
  async create() {
    await (await openNext(database.url)).close()
    await emptyPostgres(database.url)
    opened = 0
    return { location: database.url, remove() {} }
  },
  // The first node of each test and its other processes are of this version, every second node is of the next.
  open(location) {
    opened += 1
    return opened % 2 === 1 ? openPostgres(location) : openNext(location)
  },
})

test('the schema is still that of the next version', async () => {
  expect(await run(database.url, 'select version, compatible_from from schema_state')).toEqual([
    { version: String(SCHEMA_VERSION + 1), compatible_from: '3' },
  ])
})
