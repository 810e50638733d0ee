import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ADMIN_PATHS, TOKEN_ENDPOINTS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from './support/create-test-database.ts'
import { type ServiceNode, startNode } from './support/start-node.ts'
import { waitUntil } from './support/start-service.ts'

// A crash loses at most the counts of the last 10 s, and no key.

const BOUND_MS = 10_000
/** So many times counts come in before the end. */
const TIMES = 3
const USES_AT_A_TIME = 10
const PAUSE_MS = 20

let folder: string
let database: TestDatabase
let node: ServiceNode | undefined
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-crash-'))
  database = await createTestDatabase()
})
afterEach(async () => {
  await node?.kill()
  node = undefined
  await database.remove()
  rmSync(folder, { recursive: true })
})

interface Key {
  readonly key_id: string
  readonly key_secret: string
}

const COUNTED = `select coalesce(sum(count), 0) as counted from usage_hours where outcome = 'issued'`

const stores = {
  async SQLite() {
    const db = new Database(join(folder, 'interhuman-auth.db'), { readonly: true })
    const counted = db.prepare(COUNTED).pluck().get()
    db.close()
    return Number(counted)
  },
  async PostgreSQL() {
    const client = new Client({ connectionString: database.url })
    await client.connect()
    const { rows } = await client.query<{ counted: string }>(COUNTED)
    await client.end()
    return Number(rows[0]?.counted)
  },
}

async function startOn(store: keyof typeof stores): Promise<ServiceNode> {
  const address: Record<string, string> =
    store === 'PostgreSQL' ? { INTERHUMAN_AUTH_DATABASE_URL: database.url } : {}
  node = await startNode({ INTERHUMAN_AUTH_DATA_DIR: folder, INTERHUMAN_AUTH_ADMIN_PORT: '0', ...address })
  return node
}

async function runJson(running: ServiceNode, ...words: readonly string[]) {
  const { code, stdout, stderr } = await running.run(...words, '--json')
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

async function exchange({ url }: ServiceNode, { key_id, key_secret }: Key): Promise<number> {
  const response = await fetch(url + TOKEN_ENDPOINTS.v1, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id, key_secret, scopes: [UPLOAD_SCOPE] }),
  })
  await response.body?.cancel()
  return response.status
}

async function createKey(running: ServiceNode, adminToken: string): Promise<Key> {
  const admin = running.logs().find(({ event }) => event === 'listening')?.admin
  const response = await fetch(String(admin) + ADMIN_PATHS.keys, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ name: 'test', scopes: [UPLOAD_SCOPE] }),
  })
  expect(response.status).toBe(201)
  return (await response.json()) as Key
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test.each(Object.entries(stores))(
  'a node on %s that is killed loses less than the last 10 s of its counts, counts nothing twice, and loses no key',
  async (store, readCounted) => {
    const running = await startOn(store as keyof typeof stores)
    const { admin_token: adminToken } = await runJson(running, 'admin-tokens', 'create', '--name', 'test')
    const keys = [await createKey(running, adminToken)]
    const [key] = keys as [Key]
    const answeredAt: number[] = []
    const use = async () => {
      for (let count = 0; count < USES_AT_A_TIME; count += 1) {
        expect(await exchange(running, key)).toBe(200)
        answeredAt.push(performance.now())
        await pause(PAUSE_MS)
      }
    }
    const cameInAt: number[] = []
    for (let before = 0; cameInAt.length < TIMES; cameInAt.push(performance.now())) {
      await waitUntil(
        async () => {
          await use()
          return (await readCounted()) > before
        },
        () => 'the counts do not come in',
      )
      before = await readCounted()
    }
    // The worst moment: just before they come in again.
    const [last = 0, lastButOne = 0] = cameInAt.reverse()
    while (performance.now() < last + 0.9 * (last - lastButOne)) await use()
    // The last thing that is acknowledged before the end.
    keys.push(await createKey(running, adminToken))
    const killedAt = performance.now()
    await running.kill()

    const counted = await readCounted()
    const early = answeredAt.filter((at) => at < killedAt - BOUND_MS)
    console.info(`usage-crash, ${store}:`, { answered: answeredAt.length, early: early.length, counted })
    expect(early.length).toBeGreaterThan(0)
    expect(counted).toBeGreaterThanOrEqual(early.length)
    expect(counted).toBeLessThanOrEqual(answeredAt.length)
    const again = await startOn(store as keyof typeof stores)
    for (const each of keys) expect(await exchange(again, each)).toBe(200)
    expect((await runJson(again, 'audit', 'verify')).whole).toBe(true)
    await again.stop()
    // What was counted before is there, and what came after it as well.
    expect(await readCounted()).toBe(counted + keys.length)
  },
)
