import { randomBytes } from 'node:crypto'
import { createGuard, keySet, type Protect, revocationFeed } from '@interhuman-auth/guard'
import { ADMIN_PATHS, KEY_SET_PATH, TOKEN_ENDPOINTS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ServiceNode, startNode } from './support/start-node.ts'
import { type PostgresServer, startPostgres } from './support/start-postgres.ts'
import { runService } from './support/start-service.ts'

// Two nodes on PostgreSQL, callers and guards at both of them without a pause, in real time, while secrets and signing keys
// are rotated as operators do it: unforced, the old secret living beside the new one until the callers have it.

const ISSUER = 'http://127.0.0.1:4747'
const ROUNDS = 4
const KEYS = 5
const OVERLAP_SECONDS = 5
/** A caller has the new secret so long after the rotation, which is in force everywhere by then. */
const HANDED_OUT_MS = 2_000
const PUBLISHED_SECONDS = 400

interface Key {
  readonly keyId: string
  secret: string
}

const ends: (() => unknown)[] = []
const keys: Key[] = []
const tokens: string[] = []
const failures: string[] = []
let guards: Protect[] = []
let verifications = 0
let over = false
let postgres: PostgresServer
let nodes: ServiceNode[]
let adminToken: string
let verifier: string

beforeAll(async () => {
  postgres = await startPostgres()
  ends.push(() => postgres.remove())
  const settings = {
    INTERHUMAN_AUTH_MASTER_KEY: randomBytes(32).toString('base64url'),
    INTERHUMAN_AUTH_DATABASE_URL: postgres.url(),
    INTERHUMAN_AUTH_ADMIN_PORT: '0',
  }
  nodes = await Promise.all([1, 2].map(() => startNode(settings)))
  ends.push(...nodes.map((node) => () => node.kill()))
  const create = async (what: string) => {
    const { stdout, stderr, code } = await runService([what, 'create', '--name', 'test', '--json'], settings)
    if (code !== 0) throw new Error(stderr)
    return JSON.parse(stdout)
  }
  adminToken = (await create('admin-tokens')).admin_token
  verifier = (await create('verifiers')).verifier_secret
  for (let made = 0; made < KEYS; made += 1) {
    const key = await change(ADMIN_PATHS.keys, { name: 'test', scopes: [UPLOAD_SCOPE] })
    keys.push({ keyId: String(key.key_id), secret: String(key.key_secret) })
  }
}, 120_000)
afterAll(async () => {
  over = true
  for (const end of ends.reverse()) await end()
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const pick = <T>(from: readonly T[], turn: number) => from[turn % from.length] as T

async function change(path: string, body: object): Promise<Record<string, unknown>> {
  const admin = nodes[0]?.logs().find(({ event }) => event === 'listening')?.admin
  const response = await fetch(`${admin}${path}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  })
  const answer = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`)
  return answer
}

/** Guards that fetch the key set of one node each, and follow the feed of the other. */
async function startGuards(): Promise<void> {
  const started = nodes.map((node, turn) => {
    const feed = revocationFeed({ address: pick(nodes, turn + 1).url, verifier })
    ends.push(() => feed.close())
    return createGuard({ issuer: ISSUER, keys: keySet(node.url + KEY_SET_PATH), revocations: feed })
  })
  const token = await exchange(pick(nodes, 0), pick(keys, 0))
  for (const guard of started) await check(guard, token)
  // Those of the rotation before stay.
  guards = [...started, ...guards.slice(0, nodes.length)]
}

async function exchange({ url }: ServiceNode, { keyId, secret }: Key): Promise<string> {
  const response = await fetch(url + TOKEN_ENDPOINTS.v1, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id: keyId, key_secret: secret, scopes: [UPLOAD_SCOPE] }),
    signal: AbortSignal.timeout(20_000),
  })
  const answer = (await response.json()) as { access_token?: string }
  if (answer.access_token === undefined)
    throw new Error(`no token: ${response.status} ${JSON.stringify(answer)}`)
  return answer.access_token
}

async function check(guard: Protect, token: string): Promise<void> {
  const headers = { Authorization: `Bearer ${token}` }
  const decision = await guard(new Request('http://api.example/', { headers }), UPLOAD_SCOPE)
  verifications += 1
  if (!decision.granted) failures.push(`${decision.error}: ${decision.reason}`)
}

async function call(start: number): Promise<void> {
  for (let turn = start; !over; turn += 1) {
    try {
      const token = await exchange(pick(nodes, turn), pick(keys, turn))
      if (turn % 10 === 0) tokens.push(token)
      for (const guard of guards) await check(guard, token)
    } catch (error) {
      failures.push(String(error))
    }
    await pause(5)
  }
}

async function rotateSecret(key: Key): Promise<void> {
  const path = ADMIN_PATHS.keyRotate.replace('{key_id}', key.keyId)
  const rotated = await change(path, { overlap_seconds: OVERLAP_SECONDS })
  await pause(HANDED_OUT_MS)
  key.secret = String(rotated.key_secret)
}

/** As if the next key had been published for some minutes, as the service asks: each guard has fetched it since. */
async function letTimePass(): Promise<void> {
  const client = new Client({ connectionString: postgres.url() })
  await client.connect()
  await client.query(
    `update signing_keys set created_at = created_at - ${PUBLISHED_SECONDS} where state = 'next'`,
  )
  await client.end()
}

test('secrets and signing keys are rotated under load, unforced, on two nodes: no exchange and no verification fails', async () => {
  await startGuards()
  const callers = Promise.all([0, 1, 2, 3].map(call))
  const kids = new Set<string>()
  for (let round = 0; round < ROUNDS; round += 1) {
    await Promise.all(keys.map(rotateSecret))
    await startGuards()
    await letTimePass()
    const { signing_keys } = await change(ADMIN_PATHS.signingKeysRotate, {})
    for (const { kid } of signing_keys as { kid: string }[]) kids.add(kid)
    await pause(OVERLAP_SECONDS * 1000)
  }
  over = true
  await callers
  // Every token lives to its end, whatever was rotated since.
  await startGuards()
  for (const token of tokens) for (const guard of guards) await check(guard, token)
  console.info('rotation:', { verifications, tokens: tokens.length, kids: kids.size })
  expect(failures).toEqual([])
  expect(kids.size).toBeGreaterThan(ROUNDS)
  expect(verifications).toBeGreaterThan(500)
}, 240_000)
