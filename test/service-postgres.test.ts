import { randomBytes } from 'node:crypto'
import {
  INTROSPECTION_PATH,
  OAUTH_REVOCATION_PATH,
  OAUTH_TOKEN_PATH,
  TOKEN_ENDPOINTS,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from './support/create-test-database.ts'
import { type ServiceNode, startNode } from './support/start-node.ts'
import { runService, waitUntil } from './support/start-service.ts'

let database: TestDatabase
let settings: Record<string, string>
const nodes: ServiceNode[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  settings = {
    INTERHUMAN_AUTH_DATABASE_URL: database.url,
    INTERHUMAN_AUTH_MASTER_KEY: randomBytes(32).toString('base64url'),
  }
})
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.kill()))
  await database.remove()
})

async function exchange(url: string, key: { key_id: string; key_secret: string }): Promise<number> {
  const response = await fetch(url + TOKEN_ENDPOINTS.v0, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id: key.key_id, key_secret: key.key_secret, scopes: [UPLOAD_SCOPE] }),
  })
  await response.body?.cancel()
  return response.status
}

test('with a database URL and nothing else two nodes serve the same keys, and commands work on them', async () => {
  nodes.push(...(await Promise.all([startNode(settings), startNode(settings)])))
  const [one, other] = nodes as [ServiceNode, ServiceNode]
  const created = await one.run('keys', 'create', '--json', '--name', 'test', '--scope', UPLOAD_SCOPE)
  expect(created.code).toBe(0)
  const key = JSON.parse(created.stdout) as { key_id: string; key_secret: string }
  expect(await Promise.all(nodes.map(({ url }) => exchange(url, key)))).toEqual([200, 200])
  const jwks = await Promise.all(
    nodes.map(async ({ url }) => (await fetch(`${url}/.well-known/jwks.json`)).json() as Promise<unknown>),
  )
  expect(jwks[0]).toEqual(jwks[1])
  expect(other.logs().find(({ event }) => event === 'store')).toMatchObject({
    level: 'warn',
    warning: expect.stringContaining('no synchronous standby'),
  })
  expect(JSON.stringify(nodes.map((node) => node.logs()))).not.toContain('LEAK')
})

test('a token that is revoked at one node is dead there at once, on the other one soon, and a verifier likewise', async () => {
  const [one, other] = nodes as [ServiceNode, ServiceNode]
  const make = async (...args: string[]) =>
    JSON.parse((await one.run(...args, '--json', '--name', 'test')).stdout)
  const key = await make('keys', 'create', '--scope', UPLOAD_SCOPE)
  const verifier = await make('verifiers', 'create')
  const post = (url: string, path: string, fields: Record<string, string>, bearer?: string) =>
    fetch(url + path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` },
    })
  const client = { client_id: key.key_id, client_secret: key.key_secret }
  const grant = { grant_type: 'client_credentials', scope: UPLOAD_SCOPE }
  const issued = await post(one.url, OAUTH_TOKEN_PATH, { ...client, ...grant })
  const { access_token: token } = (await issued.json()) as { access_token: string }
  const ask = async ({ url }: ServiceNode) => {
    const answer = await post(url, INTROSPECTION_PATH, { token }, verifier.verifier_secret)
    return answer.status === 200 ? ((await answer.json()) as { active: boolean }).active : answer.status
  }
  expect([await ask(one), await ask(other), await ask(one), await ask(other)]).toEqual([
    true,
    true,
    true,
    true,
  ])

  expect((await post(one.url, OAUTH_REVOCATION_PATH, { ...client, token })).status).toBe(200)
  expect(await ask(one)).toBe(false)
  await waitUntil(
    async () => (await ask(other)) === false,
    () => 'the other node goes on with the token',
  )

  expect((await one.run('verifiers', 'revoke', verifier.verifier_id)).code).toBe(0)
  for (const node of [one, other])
    await waitUntil(
      async () => (await ask(node)) === 401,
      () => 'a node goes on with the verifier',
    )
})

test('a first key, which a file shows, is not made in a database that others share', async () => {
  const { code, stderr } = await runService(['start', '--first-key'], settings)
  expect(code).toBe(1)
  expect(stderr).toBe(
    'interhuman-auth-service: --first-key works with SQLite only; make a key with keys create\n',
  )
})

test('a database that refuses is one line without the URL, whatever is run', async () => {
  const env = {
    ...settings,
    INTERHUMAN_AUTH_DATABASE_URL: database.url.replace(/:[^:@/]+@/, ':LEAK-wrong@'),
  }
  const { code, stderr, stdout } = await runService(['keys', 'list'], env)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toBe(
    'interhuman-auth-service: PostgreSQL does not answer (28P01: it refuses this user and password); nothing was changed\n',
  )
})
