import { randomBytes } from 'node:crypto'
import { READY_PATH, REVOCATIONS_PATH, TOKEN_ENDPOINTS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ServiceNode, startNode } from './support/start-node.ts'
import { type PostgresServer, startPostgres } from './support/start-postgres.ts'
import { waitUntil } from './support/start-service.ts'
import { startTcpProxy, type TcpProxy } from './support/start-tcp-proxy.ts'

// Three nodes, a real PostgreSQL, and before each node a network of its own that can fail: what section "Revocation on many
// nodes" of docs/operations.md promises. Bounds are far above the targets; the benchmark shows those.

interface Key {
  readonly key_id: string
  readonly key_secret: string
}

let postgres: PostgresServer
let proxies: TcpProxy[]
let nodes: ServiceNode[]
let operator: Record<string, string>

beforeAll(async () => {
  postgres = await startPostgres()
  const shared = { INTERHUMAN_AUTH_MASTER_KEY: randomBytes(32).toString('base64url') }
  operator = { ...shared, INTERHUMAN_AUTH_DATABASE_URL: postgres.url() }
  proxies = await Promise.all([1, 2, 3].map(() => startTcpProxy(postgres)))
  nodes = await Promise.all(
    proxies.map(({ port }) => {
      const url = new URL(postgres.url())
      url.port = String(port)
      return startNode({ ...shared, INTERHUMAN_AUTH_DATABASE_URL: url.href })
    }),
  )
}, 120_000)
afterAll(async () => {
  for (const node of nodes ?? []) await node.kill()
  for (const proxy of proxies ?? []) await proxy.close()
  await postgres?.remove()
})

/** By the operator, past the proxies. */
async function run(...args: string[]) {
  const [node] = nodes as [ServiceNode]
  const { runService } = await import('./support/start-service.ts')
  const result = await runService(args, operator)
  if (result.code !== 0)
    throw new Error(`${args.join(' ')} ended with ${result.code}: ${result.stderr} ${node.url}`)
  return result.stdout
}

const createKey = async () =>
  JSON.parse(await run('keys', 'create', '--json', '--name', 'test', '--scope', UPLOAD_SCOPE)) as Key

async function exchange({ url }: ServiceNode, { key_id, key_secret }: Key): Promise<number> {
  const response = await fetch(url + TOKEN_ENDPOINTS.v1, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id, key_secret, scopes: [UPLOAD_SCOPE] }),
    signal: AbortSignal.timeout(20_000),
  })
  await response.body?.cancel()
  return response.status
}

const exchangeEverywhere = (key: Key) => Promise.all(nodes.map((node) => exchange(node, key)))
const ready = async ({ url }: ServiceNode) => (await fetch(url + READY_PATH)).status

async function settle(description: string, holds: () => Promise<boolean>): Promise<void> {
  await waitUntil(holds, () => `this did not come true: ${description}`)
}

const everyNode = (key: Key, status: number) => async () =>
  (await exchangeEverywhere(key)).every((found) => found === status)

test('a revocation by command is in force on every node when --wait comes back', async () => {
  const key = await createKey()
  expect(await exchangeEverywhere(key)).toEqual([200, 200, 200])
  await run('keys', 'revoke', key.key_id, '--wait')
  expect(await exchangeEverywhere(key)).toEqual([401, 401, 401])
})

test('every change of a key reaches every node: disabled, enabled, rotated without overlap, expired', async () => {
  const key = await createKey()
  expect(await exchangeEverywhere(key)).toEqual([200, 200, 200])
  await run('keys', 'disable', key.key_id, '--wait')
  expect(await exchangeEverywhere(key)).toEqual([401, 401, 401])
  await run('keys', 'enable', key.key_id, '--wait')
  expect(await exchangeEverywhere(key)).toEqual([200, 200, 200])
  const rotated = JSON.parse(
    await run('keys', 'rotate', key.key_id, '--overlap-seconds', '0', '--json'),
  ) as Key
  await settle('the old secret is dead everywhere', everyNode(key, 401))
  expect(await exchangeEverywhere(rotated)).toEqual([200, 200, 200])
  await run('keys', 'change', key.key_id, '--expires-in-seconds', '0')
  await settle('the key has expired everywhere', everyNode(rotated, 401))
})

test('a node whose listener is dropped hears of the change by asking', async () => {
  const key = await createKey()
  expect(await exchangeEverywhere(key)).toEqual([200, 200, 200])
  const client = new Client({ connectionString: postgres.url() })
  await client.connect()
  try {
    await client.query("select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%'")
    await run('keys', 'revoke', key.key_id)
    await settle('the key is dead everywhere', everyNode(key, 401))
  } finally {
    await client.end()
  }
})

test('the feed of every node tells what was done elsewhere', async () => {
  const made = JSON.parse(await run('verifiers', 'create', '--name', 'guard', '--json')) as {
    verifier_secret: string
  }
  const end = new AbortController()
  const feeds = await Promise.all(
    nodes.map(async ({ url }) => {
      const response = await fetch(url + REVOCATIONS_PATH, {
        headers: { Authorization: `Bearer ${made.verifier_secret}` },
        signal: end.signal,
      })
      const feed = { text: '' }
      const read = async () => {
        for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? [])
          feed.text += chunk
      }
      read().catch(() => {})
      return feed
    }),
  )
  const key = await createKey()
  await run('keys', 'revoke', key.key_id)
  await settle('each feed has told it', async () => feeds.every(({ text }) => text.includes(key.key_id)))
  end.abort()
})

test('a node that is cut off serves what it remembers for 5 s at most, says so, and recovers by itself', async () => {
  const [cutOff, other] = nodes as [ServiceNode, ServiceNode]
  const [network] = proxies as [TcpProxy]
  const key = await createKey()
  expect(await exchangeEverywhere(key)).toEqual([200, 200, 200])
  network.freeze()
  const frozenAt = performance.now()
  await run('keys', 'revoke', key.key_id)
  let servedUntil = 0
  await settle('the node answers 503', async () => {
    const status = await exchange(cutOff, key)
    if (status === 200) servedUntil = performance.now()
    return status === 503
  })
  // A bound of the promise and not of the machine: an answer that began within it may come a little later.
  expect(servedUntil - frozenAt).toBeLessThan(6_000)
  expect(await ready(cutOff)).toBe(503)
  expect([await exchange(other, key), await ready(other)]).toEqual([401, 200])
  network.thaw()
  await settle('the node is ready again', async () => (await ready(cutOff)) === 200)
  expect(await exchange(cutOff, key)).toBe(401)
}, 90_000)

test('revoke --wait names a node that is cut off while its lease lives, and does not wait for one that is gone', async () => {
  const [, , gone] = nodes as [ServiceNode, ServiceNode, ServiceNode]
  const [network] = proxies as [TcpProxy]
  const { runService } = await import('./support/start-service.ts')
  const key = await createKey()
  network.freeze()
  const missed = await runService(['keys', 'disable', key.key_id, '--wait', '--timeout', '1'], operator)
  network.thaw()
  expect(missed.code).toBe(1)
  expect(missed.stderr).toMatch(/not yet in force at\n.*node /)
  await settle('it is ready again', async () => (await ready(nodes[0] as ServiceNode)) === 200)
  await gone.kill()
  nodes.splice(2, 1)
  const done = await runService(['keys', 'revoke', key.key_id, '--wait', '--timeout', '30'], operator)
  expect(done.stderr).toMatch(/in force at 2 nodes/)
}, 90_000)

test('no row is written for an issued token, and none for a refused one', async () => {
  const key = await createKey()
  const client = new Client({ connectionString: postgres.url() })
  await client.connect()
  const count = async () => {
    const { rows } = await client.query<{ table_name: string }>(
      "select table_name from information_schema.tables where table_schema = 'public'",
    )
    const counts: Record<string, number> = {}
    for (const { table_name } of rows) {
      // Counts of use are batched, an hour a row; leases are renewed and not added to.
      if (['usage_hours', 'secret_uses', 'key_uses', 'leases', 'quotas'].includes(table_name)) continue
      const found = await client.query<{ n: string }>(`select count(*) as n from "${table_name}"`)
      counts[table_name] = Number(found.rows[0]?.n)
    }
    return counts
  }
  try {
    const before = await count()
    for (let round = 0; round < 50; round += 1) {
      await exchangeEverywhere(key)
      await exchangeEverywhere({ ...key, key_secret: 'LEAK' })
    }
    expect(await count()).toEqual(before)
  } finally {
    await client.end()
  }
})

test('when PostgreSQL is killed and comes back, the nodes serve again and agree', async () => {
  const key = await createKey()
  const doomed = await createKey()
  await run('keys', 'revoke', doomed.key_id)
  await postgres.kill()
  await settle('no node is ready', async () =>
    (await Promise.all(nodes.map(ready))).every((status) => status === 503),
  )
  await postgres.start()
  await settle('every node is ready', async () =>
    (await Promise.all(nodes.map(ready))).every((status) => status === 200),
  )
  expect(await exchangeEverywhere(key)).toEqual(nodes.map(() => 200))
  expect(await exchangeEverywhere(doomed)).toEqual(nodes.map(() => 401))
}, 90_000)
