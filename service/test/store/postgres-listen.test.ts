import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/create-test-database.ts'
import { hasPgbouncer, startPgbouncer } from '../../../test/support/start-pgbouncer.ts'
import { waitUntil } from '../../../test/support/start-service.ts'
import { startTcpProxy } from '../../../test/support/start-tcp-proxy.ts'
import { StartupError } from '../../src/startup-error.ts'
import type { Store } from '../../src/store/store.ts'
import { openPostgres, run } from './postgres-under-test.ts'
import { audit, newKey } from './store-fixtures.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.remove())

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function open(url: string): Promise<Store> {
  const store = await openPostgres(url, { limits: { queryTimeoutMs: 3000, connectTimeoutMs: 3000 } })
  endings.push(() => store.close())
  return store
}

/** Counts what a store hears; the first hint tells that it listens. */
async function hear(store: Store) {
  let hints = 0
  const hearing = store.hearChanges(() => {
    hints += 1
  })
  endings.push(() => hearing.close())
  const more = async (than: number) =>
    waitUntil(
      () => hints > than,
      () => 'nothing is heard',
    )
  await more(0)
  return { hints: () => hints, more }
}

async function change(): Promise<void> {
  const store = await open(database.url)
  const { key } = newKey()
  await store.insertApiKey({ key, audit: audit(key.keyId) })
  await store.changeApiKey(key.keyId, (current) => ({
    key: { ...current, name: 'other' },
    audit: audit(key.keyId),
  }))
}

const LISTENERS = `from pg_stat_activity where datname = current_database() and query like 'listen %'`

test('a change is heard by every node, and one that was rolled back by none', async () => {
  const one = await hear(await open(database.url))
  const store = await open(database.url)
  const other = await hear(store)
  const before = [one.hints(), other.hints()] as const
  await change()
  await one.more(before[0])
  await other.more(before[1])
  const after = one.hints()
  const { key } = newKey()
  await store.insertApiKey({ key, audit: audit(key.keyId) })
  await expect(
    store.changeApiKey(key.keyId, (current) => ({
      key: { ...current, generation: 0 },
      audit: audit(key.keyId),
    })),
  ).rejects.toThrow()
  await store.ping()
  expect(one.hints()).toBe(after)
})

test('a connection that listens is made again when the server ends it, and calls for what was missed', async () => {
  const heard = await hear(await open(database.url))
  await run(database.url, `select pg_terminate_backend(pid) ${LISTENERS}`)
  await heard.more(1)
  const before = heard.hints()
  await change()
  await heard.more(before)
})

test('while the network is away it is tried again, and closing does not wait for it', async () => {
  const { hostname, port } = new URL(database.url)
  const network = await startTcpProxy({ host: hostname, port: Number(port) })
  endings.push(() => network.close())
  const store = await open(database.url.replace(`:${port}/`, `:${network.port}/`))
  const heard = await hear(store)
  await network.cut()
  await change()
  const before = heard.hints()
  await network.mend()
  await heard.more(before)
  network.freeze()
})

test('whoever stops listening leaves no connection', async () => {
  const store = await open(database.url)
  const hearing = store.hearChanges(() => {})
  await waitForListeners(1)
  await hearing.close()
  await waitForListeners(0)
})

async function waitForListeners(count: number): Promise<void> {
  await waitUntil(
    async () => (await run(database.url, `select pid ${LISTENERS}`)).length === count,
    () => `there are not ${count} that listen`,
  )
}

const LACKS_POOLER = 'PgBouncer is not installed; apt-get install pgbouncer'

test('a pooler that pools transactions is refused with one line that says what to do', async (context) => {
  if (!hasPgbouncer()) context.skip(LACKS_POOLER)
  const pooler = await startPgbouncer(database.url, 'transaction')
  endings.push(() => pooler.close())
  const refused = openPostgres(pooler.url)
  await expect(refused).rejects.toThrow(StartupError)
  await expect(refused).rejects.toThrow(
    /^the pooler before PostgreSQL .*name the server itself, or let the pooler/,
  )
})

test('a pooler that pools sessions does as well as the server itself', async (context) => {
  if (!hasPgbouncer()) context.skip(LACKS_POOLER)
  const pooler = await startPgbouncer(database.url, 'session')
  endings.push(() => pooler.close())
  const store = await open(pooler.url)
  const heard = await hear(store)
  const before = heard.hints()
  await change()
  await heard.more(before)
  const added = newKey()
  await store.insertApiKey(added)
  expect((await store.findKeyCredentials(added.key.keyId))?.keyId).toBe(added.key.keyId)
})
