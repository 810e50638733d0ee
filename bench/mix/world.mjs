import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../test/support/start-postgres.ts'
import { extrasOf } from '../nodes/stores.mjs'
import { SERVICE, startServer } from '../processes.mjs'
import { BOUND_MS } from './changes.mjs'
import { STREAM, UPLOAD } from './requests.mjs'

/** @typedef {import('./requests.mjs').Key} Key */
/** @typedef {Record<'good' | 'direct' | 'uploadOnly' | 'expired' | 'disabled' | 'revoked' | 'overlapping' | 'rotated', Key[]>} Keys */

/**
 * Everything that the load knows. `publicKey` is the signing key as it stands in the key set; `directView` is what
 * introspection says of a key in direct use, by its id.
 *
 * @typedef {object} World
 * @property {number} seed
 * @property {readonly { port: number, adminPort: number }[]} nodes
 * @property {string} adminToken
 * @property {string} verifier
 * @property {string} revokedVerifier
 * @property {string} publicKey
 * @property {Keys} keys
 * @property {Readonly<Record<string, Readonly<Record<string, unknown>>>>} directView
 * @property {readonly string[]} deadTokens
 * @property {readonly string[]} clientTokens
 */

/** @typedef {(path: string, body?: object, method?: string) => Promise<any>} Ask */

const NODES = 2
const AT_ONCE = 8
/** The shortest life that a client token can have, and one that is longer than the mix. */
const CLIENT_TOKEN_SECONDS = [60, 3600]

/** Everything on, and every limit at a number that is not reached. */
const SETTINGS = extrasOf('on')

/**
 * Two nodes on a database, with keys of every kind.
 *
 * @param {string} url of the empty database
 * @param {string} folder
 * @param {{ seed: number, few: boolean }} options
 */
export async function startWorld(url, folder, { seed, few }) {
  const env = {
    ...SETTINGS,
    INTERHUMAN_AUTH_DATABASE_URL: url,
    INTERHUMAN_AUTH_MASTER_KEY: randomBytes(32).toString('base64url'),
    INTERHUMAN_AUTH_DATA_DIR: join(folder, 'node'),
  }
  /** @type {(import('../processes.mjs').Server & { adminPort: number })[]} */
  const servers = []
  const stop = async () => {
    for (const server of servers) await server.stop()
  }
  try {
    while (servers.length < NODES) {
      const adminPort = await freePort()
      const own = { ...env, INTERHUMAN_AUTH_ADMIN_PORT: String(adminPort) }
      const server = await startServer(`node ${servers.length}`, [SERVICE, 'start', '--port', '0'], own)
      servers.push({ ...server, adminPort })
    }
    const nodes = servers.map(({ port, adminPort }) => ({ port, adminPort }))
    const adminToken = (await command(env, 'admin-tokens')).admin_token
    const world = await fill({ seed, nodes, adminToken }, few ? 0.1 : 1)
    await new Promise((resolve) => setTimeout(resolve, BOUND_MS))
    return { world, servers, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** @param {NodeJS.ProcessEnv} env @param {string} group */
async function command(env, group) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [SERVICE, group, 'create', '--json', '--name', 'mix'],
    { env: { ...process.env, ...env } },
  )
  return JSON.parse(stdout)
}

/**
 * @param {Pick<World, 'seed' | 'nodes' | 'adminToken'>} begun
 * @param {number} share of the usual number of keys
 * @returns {Promise<World>}
 */
async function fill(begun, share) {
  const [node] = begun.nodes
  const open = asking(`http://127.0.0.1:${node?.port}`)
  const admin = asking(`http://127.0.0.1:${node?.adminPort}/admin/v1`, begun.adminToken)
  const made = await makeKeys(open, admin, share)
  const { issuer } = await open('/.well-known/oauth-authorization-server')
  const { keys: published } = await open('/.well-known/jwks.json')
  const kid = JSON.parse(
    Buffer.from(String(made.tokens[0]).split('.', 1)[0] ?? '', 'base64url').toString(),
  ).kid
  const ended = await admin('/verifiers', { name: 'ended' })
  await admin(`/verifiers/${ended.verifier_id}/revoke`, {})
  const [first] = made.keys.good
  const clientTokens = await many(20 * share, async (index) => {
    const asked = {
      key_id: first?.keyId,
      key_secret: first?.secret,
      expires_in: CLIENT_TOKEN_SECONDS[index % CLIENT_TOKEN_SECONDS.length],
    }
    return String((await open('/v1/client_tokens', asked)).access_token)
  })
  return {
    ...begun,
    ...made,
    verifier: secretOf(await admin('/verifiers', { name: 'mix' })),
    revokedVerifier: secretOf(ended),
    publicKey: JSON.stringify(published.find((/** @type {any} */ key) => key.kid === kid)),
    directView: Object.fromEntries(made.keys.direct.map(({ keyId }) => [keyId, viewOf(keyId, issuer)])),
    deadTokens: made.tokens.slice(1),
    clientTokens,
  }
}

/** @param {Record<string, string>} verifier @returns {string} */
function secretOf(verifier) {
  return Object.values(verifier).find((value) => String(value).startsWith('ihv_')) ?? ''
}

/** @param {string} keyId @param {string} issuer */
function viewOf(keyId, issuer) {
  const scope = `${UPLOAD} ${STREAM}`
  return {
    active: true,
    token_type: 'api_key',
    scope,
    client_id: keyId,
    sub: keyId,
    gen: 1,
    iss: issuer,
    aud: issuer,
  }
}

/**
 * Keys of every kind, as an operator makes them, and tokens: the first of a key that lives, the others of keys that were
 * ended behind them.
 *
 * @param {Ask} open
 * @param {Ask} admin
 * @param {number} share
 */
async function makeKeys(open, admin, share) {
  /** @type {string[]} */
  const tokens = []
  const create = async (/** @type {object} */ other = {}) => {
    const made = await admin('/keys', { name: 'mix', scopes: [UPLOAD, STREAM], ...other })
    return { keyId: String(made.key_id), secret: String(made.key_secret), older: '' }
  }
  const exchange = async (/** @type {Key} */ { keyId, secret }) => {
    const asked = { key_id: keyId, key_secret: secret, scopes: [UPLOAD] }
    tokens.push(String((await open('/v1/auth', asked)).access_token))
  }
  const ended = async (/** @type {string} */ path, /** @type {object} */ body = {}, method = 'POST') => {
    const key = await create()
    await exchange(key)
    const after = await admin(`/keys/${key.keyId}${path}`, body, method)
    return after.key_secret === undefined ? key : { ...key, secret: after.key_secret, older: key.secret }
  }
  await exchange(await create())
  /** @type {Keys} */
  const keys = {
    good: await many(1000 * share, () => create()),
    direct: await many(50 * share, () => create({ direct: true })),
    uploadOnly: await many(100 * share, () => create({ scopes: [UPLOAD] })),
    expired: await many(100 * share, () => ended('/expire')),
    disabled: await many(100 * share, () => ended('', { state: 'disabled' }, 'PATCH')),
    revoked: await many(100 * share, () => ended('/revoke')),
    rotated: await many(100 * share, () => ended('/rotate', { overlap_seconds: 0 })),
    overlapping: [],
  }
  const dead = tokens.slice()
  keys.overlapping = await many(100 * share, () => ended('/rotate', { overlap_seconds: 86_400 }))
  return { keys, tokens: dead }
}

/**
 * @template T
 * @param {number} count
 * @param {(index: number) => Promise<T>} make
 */
async function many(count, make) {
  /** @type {T[]} */
  const made = []
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < count) made.push(await make(next++))
    }),
  )
  return made
}

/** @param {string} base @param {string} [token] @returns {Ask} */
function asking(base, token) {
  return async (path, body, method = body === undefined ? 'GET' : 'POST') => {
    const response = await fetch(base + path, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    })
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}`)
    return response.json()
  }
}
