import { randomBytes } from 'node:crypto'
import { ADMIN_PATHS, ERRORS, READY_PATH, TOKEN_ENDPOINTS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ServiceNode, startNode } from './support/start-node.ts'
import { type PostgresServer, startPostgres } from './support/start-postgres.ts'
import { runService, waitUntil } from './support/start-service.ts'
import { startTcpProxy, type TcpProxy } from './support/start-tcp-proxy.ts'

// A PostgreSQL that is there and of no use: what a node answers to its clients meanwhile, and that it recovers by itself.

const BOUND_MS = 5_000
const MAX_CONNECTIONS = 16

interface Key {
  readonly key_id: string
  readonly key_secret: string
}
interface Answer {
  readonly status: number
  readonly errorId: string | undefined
  readonly retryAfter: string | null
}

let postgres: PostgresServer
let proxy: TcpProxy
let node: ServiceNode
let token: string
let cached: Key

beforeAll(async () => {
  postgres = await startPostgres({
    settings: { max_connections: MAX_CONNECTIONS, superuser_reserved_connections: 0 },
  })
  proxy = await startTcpProxy(postgres)
  const url = new URL(postgres.url())
  url.port = String(proxy.port)
  const settings = {
    INTERHUMAN_AUTH_MASTER_KEY: randomBytes(32).toString('base64url'),
    INTERHUMAN_AUTH_DATABASE_URL: url.href,
    INTERHUMAN_AUTH_ADMIN_PORT: '0',
  }
  node = await startNode(settings)
  const made = await runService(['admin-tokens', 'create', '--name', 'test', '--json'], settings)
  token = JSON.parse(made.stdout).admin_token
  cached = await createKey()
}, 120_000)
afterAll(async () => {
  await node?.kill()
  await proxy?.close()
  await postgres?.remove()
})

async function send(
  url: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer & { body: unknown }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  })
  const answer = (await response.json()) as { error_id?: string }
  return {
    status: response.status,
    errorId: answer.error_id,
    retryAfter: response.headers.get('retry-after'),
    body: answer,
  }
}

const create = () => {
  const admin = String(node.logs().find(({ event }) => event === 'listening')?.admin)
  const body = { name: 'test', scopes: [UPLOAD_SCOPE] }
  return send(admin + ADMIN_PATHS.keys, body, { Authorization: `Bearer ${token}` })
}

async function createKey(): Promise<Key> {
  const { status, body } = await create()
  expect(status).toBe(201)
  return body as Key
}

const exchange = ({ key_id, key_secret }: Key) =>
  send(node.url + TOKEN_ENDPOINTS.v1, { key_id, key_secret, scopes: [UPLOAD_SCOPE] })
const ready = async () => (await fetch(node.url + READY_PATH)).status

function expectAway({ status, errorId, retryAfter }: Answer): void {
  expect([status, errorId]).toEqual([503, ERRORS.unavailable.id])
  expect(Number(retryAfter)).toBeGreaterThan(0)
}

/** What each fault must come to: `breaks` makes it, `ends` ends it. */
async function expectTrouble({
  breaks,
  ends,
  refusesReads = true,
}: {
  readonly breaks: () => Promise<void> | void
  readonly ends: () => Promise<void> | void
  /** Whether a key that the node does not remember cannot be looked up at once. */
  readonly refusesReads?: boolean
}): Promise<void> {
  const fresh = await createKey()
  expect((await exchange(cached)).status).toBe(200)
  await breaks()
  const brokenAt = performance.now()
  const [asked, changed] = await Promise.all([exchange(fresh), create()])
  if (refusesReads) expectAway(asked)
  expectAway(changed)
  let servedAt = brokenAt
  await waitUntil(
    async () => {
      const sentAt = performance.now()
      const answer = await exchange(cached)
      if (answer.status !== 200) {
        expectAway(answer)
        return true
      }
      servedAt = sentAt
      return false
    },
    () => 'the node serves what it remembers for ever',
  )
  // The bound of the promise: the last reading began before the fault, or when it was just about to come.
  expect(servedAt - brokenAt).toBeLessThan(BOUND_MS + 1_000)
  expect(await ready()).toBe(503)
  await ends()
  await waitUntil(
    async () => (await ready()) === 200,
    () => 'the node does not recover',
  )
  expect((await exchange(cached)).status).toBe(200)
  expect((await exchange(fresh)).status).toBe(200)
  const again = await createKey()
  expect((await exchange(again)).status).toBe(200)
}

test('a PostgreSQL without a free connection: 503 within the time-out, what is remembered for 5 s, then by itself again', async () => {
  const others: Client[] = []
  await expectTrouble({
    async breaks() {
      await proxy.cut()
      // Those of the node end a moment after its sockets.
      await waitUntil(
        async () => {
          const client = new Client({ connectionString: postgres.url() })
          client.on('error', () => {})
          const connected = await client.connect().then(
            () => true,
            () => false,
          )
          if (connected) others.push(client)
          return !connected && others.length >= MAX_CONNECTIONS
        },
        () => `only ${others.length} connections are taken`,
      )
      await proxy.mend()
    },
    async ends() {
      await Promise.all(others.map((client) => client.end()))
    },
  })
}, 120_000)

test('a PostgreSQL that answers after 10 s: 503 within the time-out, what is remembered for 5 s, then by itself again', async () => {
  let thawed: Promise<void> | undefined
  await expectTrouble({
    breaks() {
      proxy.freeze()
      thawed = new Promise((resolve) => {
        setTimeout(() => {
          proxy.thaw()
          resolve()
        }, 10_000)
      })
    },
    ends: () => thawed,
  })
}, 120_000)

test('a PostgreSQL that can only be read: 503 within the time-out, what is remembered for 5 s, then by itself again', async () => {
  const readOnly = (value: 'on' | 'off') => {
    postgres.configure({ default_transaction_read_only: value })
    postgres.reload()
    return waitUntil(
      async () => {
        const client = new Client({ connectionString: postgres.url() })
        await client.connect()
        const { rows } = await client.query('show default_transaction_read_only')
        await client.end()
        return rows[0].default_transaction_read_only === value
      },
      () => `the server is not told: ${value}`,
    )
  }
  await expectTrouble({ breaks: () => readOnly('on'), ends: () => readOnly('off'), refusesReads: false })
}, 120_000)
