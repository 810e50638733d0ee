import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { promisify } from 'node:util'
import { interleave } from '../issuing.mjs'
import { keyOf } from '../keys.mjs'
import { rootPath, SERVICE, startServer } from '../processes.mjs'
import { extrasOf, KEYS, SCOPE } from './stores.mjs'

/** Tokens that are asked about again and again, and more than a node remembers, so that each question is the first one. */
const TOKENS = { few: 1000, many: 30_000 }
const AT_ONCE = 16

/**
 * Introspection of access tokens with ES256 on either store, beside the floor.
 *
 * @param {import('./issuing.mjs').Stores} stores
 */
export async function compareIntrospection(stores) {
  const start = ['start', '--port', '0']
  const sqliteEnv = { INTERHUMAN_AUTH_DATA_DIR: stores.folder, ...extrasOf('on') }
  const postgresEnv = { ...stores.few, ...extrasOf('on') }
  const servers = [
    await startServer('service, SQLite', [SERVICE, ...start], sqliteEnv),
    await startServer('service, PostgreSQL', [SERVICE, ...start], postgresEnv),
  ]
  const [sqlite, postgres] = servers
  if (sqlite === undefined || postgres === undefined) throw new Error('no service was started')
  try {
    const onSqlite = await ask(sqlite, sqliteEnv, TOKENS.few)
    const onPostgres = await ask(postgres, postgresEnv, TOKENS.many)
    const floor = await startServer(
      'floor: bare node:http',
      [rootPath('bench/nodes/introspection-floor.mjs')],
      {
        CREDENTIAL_HASH: hash('sha256', onPostgres.credential, 'hex'),
        KEY_SET: await (await fetch(`${postgres.url}/.well-known/jwks.json`)).text(),
      },
    )
    servers.push(floor)
    const few = onPostgres.requests.slice(0, TOKENS.few)
    return await interleave([
      { ...floor, requests: few },
      { ...sqlite, requests: onSqlite.requests },
      { ...postgres, requests: few },
      {
        ...postgres,
        name: 'service, PostgreSQL, each token for the first time',
        requests: onPostgres.requests,
      },
    ])
  } finally {
    for (const server of servers) await server.stop()
  }
}

/**
 * A verifier of a service, and its questions about tokens of that service, as bytes on the wire.
 *
 * @param {import('../processes.mjs').Server} server
 * @param {NodeJS.ProcessEnv} env
 * @param {number} count
 */
async function ask(server, env, count) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [SERVICE, 'verifiers', 'create', '--json', '--name', 'bench'],
    { env: { ...process.env, ...env } },
  )
  const credential = readCredential(JSON.parse(stdout))
  /** @type {string[]} */
  const requests = []
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (requests.length < count)
        requests.push(question(credential, await exchange(server, requests.length)))
    }),
  )
  return { credential, requests: requests.slice(0, count) }
}

/** @param {Record<string, string>} verifier @returns {string} */
function readCredential(verifier) {
  const credential = Object.values(verifier).find((value) => String(value).startsWith('ihv_'))
  if (credential === undefined) throw new Error('the verifier has no credential')
  return credential
}

/** @param {import('../processes.mjs').Server} server @param {number} index */
async function exchange(server, index) {
  const { keyId, keySecret } = keyOf(index % KEYS.few)
  const response = await fetch(`${server.url}/v0/auth`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id: keyId, key_secret: keySecret, scopes: [SCOPE] }),
    signal: AbortSignal.timeout(30_000),
  })
  /** @type {any} */
  const body = await response.json()
  return String(body.access_token)
}

/** @param {string} credential @param {string} token */
function question(credential, token) {
  const body = new URLSearchParams({ token }).toString()
  return `POST /oauth2/introspect HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${credential}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
