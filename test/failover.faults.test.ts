import { randomBytes } from 'node:crypto'
import { ADMIN_PATHS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askAdmin, exchange, keyPath, ready, type ShownKey, settle } from './support/node-group.ts'
import { type ServiceNode, startNode } from './support/start-node.ts'
import { type PostgresServer, startPostgres } from './support/start-postgres.ts'
import { startReplica } from './support/start-replica.ts'
import { runService } from './support/start-service.ts'

// Two nodes whose database fails over under load: the primary is killed and its synchronous standby, a streaming replica,
// promoted. What the operator's API acknowledged before is in force on both nodes afterwards.

/** A key, and what was acknowledged of it; whatever was asked for last and not acknowledged may have been done. */
interface ChangedKey {
  readonly first: ShownKey
  second: ShownKey | undefined
  revoked: boolean
  /** Whether something was asked for that nobody knows the outcome of. */
  unknown: boolean
}

let primary: PostgresServer
let standby: PostgresServer
let nodes: readonly [ServiceNode, ServiceNode]
let adminToken: string

beforeAll(async () => {
  primary = await startPostgres()
  standby = await startReplica(primary, { synchronous: true })
  const hosts = [standby, primary].map(({ host, port }) => `${host}:${port}`).join(',')
  const settings = {
    INTERHUMAN_AUTH_MASTER_KEY: randomBytes(32).toString('base64url'),
    // The standby stands first, and is passed over until it is promoted.
    INTERHUMAN_AUTH_DATABASE_URL: primary.url().replace(/@[^/]+\//, `@${hosts}/`),
    INTERHUMAN_AUTH_ADMIN_PORT: '0',
  }
  nodes = [await startNode(settings), await startNode(settings)]
  const made = await runService(['admin-tokens', 'create', '--name', 'test', '--json'], settings)
  adminToken = JSON.parse(made.stdout).admin_token
}, 120_000)
afterAll(async () => {
  for (const node of nodes ?? []) await node.kill()
  await standby?.remove()
  await primary?.remove()
})

/** Makes a change at a node. @returns `undefined` where no answer says that it was made. */
async function change(node: ServiceNode, path: string, body: object) {
  const answer = await askAdmin(node, adminToken, 'POST', path, body).catch(() => undefined)
  if (answer === undefined || answer.status === 503) return undefined
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** Creates, rotates and revokes keys at a node without a pause, and keeps what was acknowledged. */
function startChanging(node: ServiceNode) {
  const keys: ChangedKey[] = []
  let changing = true
  async function changeOne(): Promise<void> {
    const made = await change(node, ADMIN_PATHS.keys, { name: 'load', scopes: [UPLOAD_SCOPE] })
    if (made === undefined) return pause()
    const key: ChangedKey = {
      first: made as unknown as ShownKey,
      second: undefined,
      revoked: false,
      unknown: true,
    }
    keys.push(key)
    const { key_id } = key.first
    if (keys.length % 3 > 0) {
      const rotated = await change(node, keyPath('keyRotate', key_id), { overlap_seconds: 0 })
      if (rotated === undefined) return pause()
      key.second = rotated as unknown as ShownKey
    }
    if (keys.length % 2 > 0) {
      // Both nodes remember it, so that they have to be told.
      await Promise.all(nodes.map((each) => exchange(each, key.second ?? key.first).catch(() => {})))
      if ((await change(node, keyPath('keyRevoke', key_id), {})) === undefined) return pause()
      key.revoked = true
    }
    key.unknown = false
  }
  async function pause(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const changes = (async () => {
    while (changing) await changeOne()
  })()
  return {
    keys,
    /** Waits until changes that began after the call are acknowledged. */
    goesOn() {
      const before = keys.length
      return settle(`${node.url} makes changes`, async () => keys.length > before + 12)
    },
    async stop() {
      changing = false
      await changes
    },
  }
}

/** Each secret of a key, and whether it must be good. */
function expected({ first, second, revoked }: ChangedKey): [ShownKey, number][] {
  const living = revoked ? 401 : 200
  return second === undefined
    ? [[first, living]]
    : [
        [first, 401],
        [second, living],
      ]
}

test('two nodes go through a failover: what was acknowledged before it is in force on both, and they go on by themselves', async () => {
  const [one, other] = nodes
  const known = await change(one, ADMIN_PATHS.keys, { name: 'known', scopes: [UPLOAD_SCOPE] })
  const doomed = await change(one, ADMIN_PATHS.keys, { name: 'doomed', scopes: [UPLOAD_SCOPE] })
  const [kept, revoked] = [known, doomed] as unknown as [ShownKey, ShownKey]
  for (const key of [kept, revoked])
    for (const node of nodes) expect((await exchange(node, key)).status).toBe(200)
  const load = nodes.map(startChanging)
  await Promise.all(load.map((each) => each.goesOn()))
  // Acknowledged at the last moment, and told to nobody by the primary any more, maybe.
  expect(await change(one, keyPath('keyRevoke', revoked.key_id), {})).toBeDefined()
  await primary.kill()
  await standby.promote()
  await Promise.all(load.map((each) => each.goesOn()))
  await Promise.all(load.map((each) => each.stop()))
  for (const node of nodes) await settle('it is ready', async () => (await ready(node)) === 200)

  for (const node of nodes) {
    expect((await exchange(node, revoked)).status).toBe(401)
    expect((await exchange(node, kept)).status).toBe(200)
  }
  const keys = load.flatMap((each) => each.keys)
  for (const key of keys.filter(({ unknown }) => !unknown))
    for (const [secret, status] of expected(key))
      for (const node of nodes)
        await settle(
          `${node.url} answers ${status} of ${key.first.key_id}, of which ${key.revoked ? 'the end' : 'the life'} was acknowledged`,
          async () => (await exchange(node, secret)).status === status,
        )
  // Of the rest the nodes know the same.
  for (const { first } of keys.filter(({ unknown }) => unknown))
    await settle(`both answer alike of ${first.key_id}`, async () => {
      const [at, there] = await Promise.all(nodes.map((node) => exchange(node, first)))
      return at?.status === there?.status && at?.status !== 503
    })

  // On the new primary one node hears of what the other one does.
  expect(await change(other, keyPath('keyRevoke', kept.key_id), {})).toBeDefined()
  expect((await exchange(other, kept)).status).toBe(401)
  await settle('the other node hears of it', async () => (await exchange(one, kept)).status === 401)
}, 180_000)
