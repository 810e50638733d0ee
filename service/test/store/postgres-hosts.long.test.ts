import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/create-test-database.ts'
import { startTcpProxy, type TcpProxy } from '../../../test/support/start-tcp-proxy.ts'
import { EXCLUSIVE } from '../../src/store/postgres-migrate.ts'
import type { Store } from '../../src/store/store.ts'
import { StoreUnavailableError } from '../../src/store/store-error.ts'
import { emptyPostgres, openPostgres, run } from './postgres-under-test.ts'
import { newKey } from './store-fixtures.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.remove())

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function open(url: string, limits: NonNullable<Parameters<typeof openPostgres>[1]>['limits'] = {}) {
  const store = await openPostgres(url, { limits })
  endings.push(() => store.close())
  return store
}

async function proxy(): Promise<TcpProxy> {
  const { hostname, port } = new URL(database.url)
  const started = await startTcpProxy({ host: hostname, port: Number(port) })
  endings.push(() => started.close())
  return started
}

/** The address of the database with other hosts. */
function through(...hosts: readonly { readonly host: string; readonly port: number }[]): string {
  const list = hosts.map(({ host, port }) => `${host}:${port}`).join(',')
  return database.url.replace(/@[^/]+\//, `@${list}/`)
}

const PASSWORD = /LEAK/

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(StoreUnavailableError)
  const { message, cause, stack } = error as Error
  expect(cause).toBeUndefined()
  expect(`${message} ${stack} ${JSON.stringify(error)}`).not.toMatch(PASSWORD)
  return message
}

/** Waits until the store answers again. */
async function answersAgain(store: Store): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      await store.ping().then(
        () => true,
        () => false,
      )
    )
      return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('the store does not answer again')
}

test('of several hosts the first that can be written to is used; one that refuses is passed over', async () => {
  const [dead, living] = [await proxy(), await proxy()]
  await dead.cut()
  const store = await open(through(dead, living))
  await store.insertApiKey(newKey())
  expect(living.accepted).toBeGreaterThan(0)
})

test('a lost host is left for the next one, and found again when it is back', async () => {
  const [first, second] = [await proxy(), await proxy()]
  const store = await open(through(first, second))
  expect(second.accepted).toBe(0)
  await first.cut()
  await answersAgain(store)
  expect(second.accepted).toBeGreaterThan(0)
  await Promise.all([first.mend(), second.cut()])
  const taken = first.accepted
  await answersAgain(store)
  expect(first.accepted).toBeGreaterThan(taken)
})

test('a database that became read-only is left at once, although its connections stand', async () => {
  const [first, second] = [await proxy(), await proxy()]
  const store = await open(through(first, second))
  await run(database.url, `alter database ${database.name} set default_transaction_read_only = on`)
  // Sessions that stand do not hear of it: they are made again, as by a server that was started as a standby.
  await run(
    database.url,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  )
  endings.push(() => undoReadOnly())
  for (let tries = 0; tries < 5; tries += 1) await store.ping().catch(() => {})
  expect(await refusal(store.insertApiKey(newKey()))).toBe(
    'PostgreSQL does not answer (25006: it can only be read); nothing was changed',
  )
  await undoReadOnly()
  await answersAgain(store)
  await store.insertApiKey(newKey())
})

async function undoReadOnly(): Promise<void> {
  const server = new URL(database.url)
  server.pathname = '/postgres'
  await run(server.href, `alter database ${database.name} reset default_transaction_read_only`)
}

test('connections that the server ends are made again, and nobody has to ask twice for what is new', async () => {
  const store = await open(database.url)
  await Promise.all([store.ping(), store.ping(), store.ping()])
  await run(
    database.url,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  )
  await answersAgain(store)
  await store.insertApiKey(newKey())
})

test('a machine that went away is noticed within the time of a query, and another host is used', async () => {
  const [first, second] = [await proxy(), await proxy()]
  const store = await open(through(first, second), { queryTimeoutMs: 1000, connectTimeoutMs: 1000 })
  first.freeze()
  expect(await refusal(store.findKeyCredentials('ihk_a'))).toMatch(/\(QUERY_TIMEOUT\)/)
  await answersAgain(store)
  expect(second.accepted).toBeGreaterThan(0)
})

test('a query that takes too long is ended by the server, and its connection goes on', async () => {
  const direct = await proxy()
  const store = await open(through(direct), { queryTimeoutMs: 1000, poolSize: 2 })
  const added = newKey()
  await store.insertApiKey(added)
  const taken = direct.accepted
  const held = await holdLock()
  expect(await refusal(store.insertApiKey(newKey()))).toMatch(/\(57014\)/)
  await held.release()
  await store.insertApiKey(newKey())
  expect(direct.accepted).toBe(taken)
})

/** Holds the lock of those who write, as a node does that hangs in the middle of a change. */
async function holdLock() {
  const client = new Client({ connectionString: database.url })
  await client.connect()
  await client.query('begin')
  await client.query(EXCLUSIVE)
  endings.push(() => client.end())
  return { release: () => client.query('rollback') }
}

test('no more connections are made than are allowed, and who waits for one too long hears so', async () => {
  const direct = await proxy()
  const store = await open(through(direct), { poolSize: 2, connectTimeoutMs: 1000 })
  const held = await holdLock()
  const added = [1, 2].map(() => store.insertApiKey(newKey()))
  while (direct.accepted < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await refusal(store.ping())).toBe(
    'PostgreSQL does not answer (POOL_BUSY: no connection became free in time); nothing was changed',
  )
  await held.release()
  await Promise.all(added)
  await Promise.all(Array.from({ length: 50 }, () => store.ping()))
  expect(direct.accepted).toBe(2)
})

test('a commit whose answer was lost is told as such, and nothing else is', async () => {
  await emptyPostgres(database.url)
  const direct = await proxy()
  const store = await open(through(direct), { queryTimeoutMs: 1000 })
  const first = store.insertFirstApiKey(newKey(), () => direct.freeze())
  expect(await refusal(first)).toBe(
    'PostgreSQL does not answer (QUERY_TIMEOUT); whether the change was made is not known',
  )
})

test.each([
  [
    'a wrong password',
    (url: string) => url.replace(/:[^:@/]+@/, ':LEAK-wrong@'),
    /\(28P01: it refuses this user and password\)/,
  ],
  ['a database that is not there', (url: string) => `${url}_none`, /\(3D000: there is no such database\)/],
  [
    'TLS that the server does not speak',
    (url: string) => `${url}?sslmode=require`,
    /\(NO_TLS: it does not speak TLS/,
  ],
  [
    'a host that is nowhere',
    (url: string) => url.replace(/@[^/]+\//, '@LEAK-host.invalid/'),
    /\((?:ENOTFOUND|EAI_AGAIN)\)/,
  ],
])('%s is told by its code and nothing of the URL', async (_what, change, message) => {
  expect(await refusal(openPostgres(change(database.url)))).toMatch(message)
})

test('the codes of all hosts are told when none is of use', async () => {
  const dead = await proxy()
  await dead.cut()
  const url = through(dead, await proxy()).replace(/:[^:@/]+@/, ':LEAK-wrong@')
  expect(await refusal(openPostgres(url))).toMatch(
    /\(ECONNREFUSED, 28P01: it refuses this user and password\)/,
  )
})

test('a store that is closed while its server is away is closed in bounded time', async () => {
  const away = await proxy()
  const store = await openPostgres(through(away), { limits: { queryTimeoutMs: 1000 } })
  away.freeze()
  await store.close()
})
