import { afterAll, beforeAll } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/create-test-database.ts'
import { emptyPostgres, openPostgres } from './postgres-under-test.ts'
import { storeSuite } from './store-suite.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.remove())

storeSuite('PostgreSQL', {
  module: new URL('postgres-under-test.ts', import.meta.url),
  exported: 'openPostgres',
  async create() {
    await emptyPostgres(database.url)
    return { location: database.url, remove() {} }
  },
  open: (location) => openPostgres(location),
})
