import { randomBytes } from 'node:crypto'
import {
  ADMIN_PATHS,
  INTROSPECTION_PATH,
  READY_PATH,
  TOKEN_ENDPOINTS,
  type TokenResponse,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import { type ServiceNode, startNode } from './start-node.ts'
import { type PostgresServer, startPostgres } from './start-postgres.ts'
import { type ProcessResult, runService, waitUntil } from './start-service.ts'
import { startTcpProxy, type TcpProxy } from './start-tcp-proxy.ts'

/** A key as whoever made it was shown it. */
export interface ShownKey {
  readonly key_id: string
  readonly key_secret: string
}

/** What came of an exchange. */
export interface Exchanged {
  readonly status: number
  /** Of an error. */
  readonly errorId: string | undefined
  readonly token: string
}

/** Nodes of the service on one PostgreSQL, each behind a network of its own that can fail. */
export interface NodeGroup {
  readonly postgres: PostgresServer
  /** Before the node of the same place. */
  readonly proxies: readonly TcpProxy[]
  /** One that is killed is to be taken out. */
  readonly nodes: ServiceNode[]
  /** Runs a command of the operator, past the proxies, however it ends. */
  tryRun(...args: readonly string[]): Promise<ProcessResult>
  /** Runs one that must not fail. @returns its standard output. */
  run(...args: readonly string[]): Promise<string>
  /** Creates a key by command, which holds the scope of uploads. */
  createKey(): Promise<ShownKey>
  createVerifier(): Promise<{ readonly id: string; readonly secret: string }>
  /** Asks the operator's API of one node, and fails unless it does what it was asked. */
  ask(
    node: ServiceNode,
    method: 'GET' | 'POST' | 'PATCH',
    path: string,
    body?: object,
  ): Promise<Record<string, unknown>>
  /** The status of an exchange for the scope of uploads at each node. */
  exchangeEverywhere(key: ShownKey): Promise<number[]>
  /** Waits until each node answers so. */
  settleEverywhere(key: ShownKey, status: number): Promise<void>
  remove(): Promise<void>
}

/** Starts a server and its nodes, `env` of each its own settings. */
export async function startNodeGroup(
  env: readonly Readonly<Record<string, string>>[] = [{}, {}, {}],
): Promise<NodeGroup> {
  const ends: (() => Promise<unknown>)[] = []
  const remove = async () => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  try {
    return await start(env, ends, remove)
  } catch (error) {
    await remove()
    throw error
  }
}

async function start(
  env: readonly Readonly<Record<string, string>>[],
  ends: (() => Promise<unknown>)[],
  remove: () => Promise<void>,
): Promise<NodeGroup> {
  const postgres = await startPostgres()
  ends.push(() => postgres.remove())
  const shared = {
    INTERHUMAN_AUTH_MASTER_KEY: randomBytes(32).toString('base64url'),
    INTERHUMAN_AUTH_DATABASE_URL: postgres.url(),
    INTERHUMAN_AUTH_ADMIN_PORT: '0',
  }
  const nodes = await startNodes(postgres, env, shared, ends)
  const operator = operate(shared)
  const made = await operator.run('admin-tokens', 'create', '--name', 'test', '--json')
  const { admin_token } = JSON.parse(made) as { admin_token: string }
  const exchangeEverywhere = (key: ShownKey) =>
    Promise.all(nodes.nodes.map(async (node) => (await exchange(node, key)).status))
  return {
    postgres,
    ...nodes,
    ...operator,
    async ask(node, method, path, body) {
      const answer = await askAdmin(node, admin_token, method, path, body)
      if (answer.status >= 300)
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body
    },
    exchangeEverywhere,
    settleEverywhere: (key, status) =>
      settle(`every node answers ${status}`, async () =>
        (await exchangeEverywhere(key)).every((found) => found === status),
      ),
    remove,
  }
}

async function startNodes(
  postgres: PostgresServer,
  env: readonly Readonly<Record<string, string>>[],
  shared: Readonly<Record<string, string>>,
  ends: (() => Promise<unknown>)[],
): Promise<Pick<NodeGroup, 'nodes' | 'proxies'>> {
  const proxies: TcpProxy[] = []
  const nodes: ServiceNode[] = []
  ends.push(() => Promise.all(proxies.map((proxy) => proxy.close())))
  ends.push(() => Promise.all(nodes.map((node) => node.kill())))
  for (const own of env) {
    const proxy = await startTcpProxy(postgres)
    proxies.push(proxy)
    const url = new URL(postgres.url())
    url.port = String(proxy.port)
    nodes.push(await startNode({ ...shared, ...own, INTERHUMAN_AUTH_DATABASE_URL: url.href }))
  }
  return { proxies, nodes }
}

/** The commands of an operator who has these settings. */
function operate(
  settings: Readonly<Record<string, string>>,
): Pick<NodeGroup, 'tryRun' | 'run' | 'createKey' | 'createVerifier'> {
  const tryRun = (...args: readonly string[]) => runService(args, settings)
  const run = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await tryRun(...args)
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
    return stdout
  }
  return {
    tryRun,
    run,
    async createKey() {
      const made = await run('keys', 'create', '--json', '--name', 'test', '--scope', UPLOAD_SCOPE)
      return JSON.parse(made) as ShownKey
    },
    async createVerifier() {
      const verifier = JSON.parse(await run('verifiers', 'create', '--name', 'test', '--json'))
      return { id: verifier.verifier_id, secret: verifier.verifier_secret }
    },
  }
}

/** Asks the operator's API of a node that has one. */
export async function askAdmin(
  node: ServiceNode,
  adminToken: string,
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const listening = node.logs().find(({ event }) => event === 'listening')
  const response = await fetch(String(listening?.admin) + path, {
    method,
    headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

/** The path of an operation on a key. */
export const keyPath = (name: 'key' | 'keyRotate' | 'keyExpire' | 'keyRevoke', keyId: string) =>
  ADMIN_PATHS[name].replace('{key_id}', keyId)

/** Exchanges a key at one node for the scope of uploads. */
export async function exchange({ url }: ServiceNode, { key_id, key_secret }: ShownKey): Promise<Exchanged> {
  const response = await fetch(url + TOKEN_ENDPOINTS.v1, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id, key_secret, scopes: [UPLOAD_SCOPE] }),
    signal: AbortSignal.timeout(20_000),
  })
  const body = (await response.json()) as Partial<TokenResponse> & { readonly error_id?: string }
  return { status: response.status, errorId: body.error_id, token: body.access_token ?? '' }
}

/** Whether a token lives, asked at one node. */
export async function isActive({ url }: ServiceNode, verifierSecret: string, token: string) {
  const response = await fetch(url + INTROSPECTION_PATH, {
    method: 'POST',
    headers: { Authorization: `Bearer ${verifierSecret}` },
    body: new URLSearchParams({ token }),
    signal: AbortSignal.timeout(20_000),
  })
  if (response.status !== 200) throw new Error(`introspection: ${response.status} ${await response.text()}`)
  return ((await response.json()) as { readonly active: boolean }).active
}

/** The status of `/health/ready`. */
export const ready = async ({ url }: ServiceNode) => (await fetch(url + READY_PATH)).status

/** Waits until something holds, for a bounded time. */
export const settle = (description: string, holds: () => Promise<boolean>) =>
  waitUntil(holds, () => `this did not come true: ${description}`)
