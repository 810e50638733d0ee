import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/support/create-test-database.ts'
import { waitUntil } from '../../test/support/start-service.ts'
import { startTcpProxy } from '../../test/support/start-tcp-proxy.ts'
import { MAX_STALENESS_MS } from '../src/change-watch.ts'
import { openNode } from '../src/commands/start/open-node.ts'
import type { LiveSigningKeys } from '../src/live-signing-keys.ts'
import { openSigningKeys } from '../src/open-signing-keys.ts'
import { loseSigningKey } from '../src/operations/lose-signing-key.ts'
import { rotateSigningKeys } from '../src/operations/rotate-signing-keys.ts'
import { createRenewableMasterKey } from '../src/renewable-master-key.ts'
import { StoreUnavailableError } from '../src/store/store-error.ts'
import { openPostgres } from './store/postgres-under-test.ts'

// Three nodes on one PostgreSQL, each with connections of its own, that hear of changes as the service does.

const masterKey = randomBytes(32)
const renewable = createRenewableMasterKey(masterKey, async () => masterKey)
const by = () => ({ actor: 'test', origin: 'test', now: Math.floor(Date.now() / 1000) })

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.remove())

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

interface RunningNode {
  readonly live: LiveSigningKeys
  readonly tools: Parameters<typeof rotateSigningKeys>[0]
  /** How far the clock that never goes back was turned, in milliseconds. */
  aheadMs: number
}

async function startNode(url = database.url): Promise<RunningNode> {
  const store = await openPostgres(url, { limits: { queryTimeoutMs: 2000, connectTimeoutMs: 2000 } })
  endings.push(() => store.close())
  const running = { aheadMs: 0 }
  const monotonicMs = () => performance.now() + running.aheadMs
  const node = await openNode({ databaseUrl: new URL(url), keyCacheSize: 10 } as never, {
    store,
    runtime: { now: () => by().now, newUuid: randomUUID, monotonicMs, wallMs: Date.now },
    onWatchFailure: () => {},
  })
  endings.push(() => node.watch.close())
  const live = await openSigningKeys({
    store,
    algorithm: 'ES256',
    masterKey: { bytes: masterKey, renewable },
    randomBytes,
    now: () => node.now(),
    monotonicMs,
    refuseStale: () => node.refuseStale(),
    onSealedKey: () => {},
  })
  node.watch.subscribe((changes, reset) => live.hear(changes, reset))
  return Object.assign(running, { live, tools: { store, masterKey: renewable, randomBytes } })
}

const signing = ({ live }: RunningNode) => live.signers().kid
const activeIn = (keys: LiveSigningKeys['keys']) => keys.find((key) => key.state === 'active')?.kid

test('nodes that start at once settle one set of signing keys, and every node signs with the new key after each rotation', async () => {
  const nodes = await Promise.all([startNode(), startNode(), startNode()])
  expect(new Set(nodes.map(signing)).size).toBe(1)
  for (const { tools } of nodes) {
    const kid = activeIn(await rotateSigningKeys(tools, { forced: true }, by()))
    await waitUntil(
      () => nodes.every((node) => signing(node) === kid),
      () => 'a node signs with another key',
    )
    expect(new Set(nodes.map(({ live }) => live.keySet())).size).toBe(1)
  }
})

test('a lost key is dead on every node', async () => {
  const nodes = await Promise.all([startNode(), startNode(), startNode()])
  const kid = signing(nodes[0] as RunningNode)
  await loseSigningKey((nodes[1] as RunningNode).tools, kid, by())
  await waitUntil(
    () => nodes.every(({ live }) => live.verificationKey(kid) === undefined),
    () => 'a node takes tokens of a lost key',
  )
  expect(new Set(nodes.map(signing)).size).toBe(1)
  for (const { live } of nodes) expect(live.keySet()).not.toContain(kid)
})

test('a node that is cut off signs nothing once it has not seen the database for five seconds, and comes back by itself with the key of the others', async () => {
  const { hostname, port } = new URL(database.url)
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) })
  endings.push(() => proxy.close())
  const through = new URL(database.url)
  through.host = `${proxy.host}:${proxy.port}`
  const [other, alone] = [await startNode(), await startNode(through.href)]
  await proxy.cut()
  const before = signing(alone)
  const kid = activeIn(await rotateSigningKeys(other.tools, { forced: true }, by()))
  expect(signing(alone)).toBe(before)
  alone.aheadMs += MAX_STALENESS_MS + 1
  expect(() => signing(alone)).toThrow(StoreUnavailableError)
  await proxy.mend()
  const settled = () => {
    try {
      return signing(alone) === kid
    } catch {
      return false
    }
  }
  await waitUntil(settled, () => 'the node does not sign with the key of the others')
})
