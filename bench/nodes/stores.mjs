import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { keyOf } from '../keys.mjs'
import { SERVICE, startServer } from '../processes.mjs'
import { seed } from '../seed.mjs'

/** Keys that every node has in its cache, and keys that are far more than it holds. */
export const KEYS = { few: 1000, many: 1_000_000 }

/** What a request of the benchmark asks for. */
export const SCOPE = 'interhumanai.upload'

const BATCH = 10_000

/** On a machine that is shared a turn of the event loop can take long without too much to do. */
const PATIENT = { INTERHUMAN_AUTH_MAX_LOOP_DELAY_MS: '60000' }

/** Nothing refuses by count, and nothing is counted for it. */
const LIMITS_OFF = {
  ...PATIENT,
  INTERHUMAN_AUTH_FAILURES_PER_MINUTE: '0',
}

/** Every limit of issuing there is, the quota too, at numbers that are not reached. */
const LIMITS_ON = {
  ...PATIENT,
  INTERHUMAN_AUTH_ADDRESS_REQUESTS_PER_MINUTE: '100000000',
  INTERHUMAN_AUTH_ADDRESS_REQUESTS_AT_ONCE: '1000000',
  INTERHUMAN_AUTH_ADDRESS_CONNECTIONS: '1000000',
  INTERHUMAN_AUTH_FAILURES_PER_MINUTE: '100000000',
  INTERHUMAN_AUTH_KEY_REQUESTS_PER_MINUTE: '100000000',
  INTERHUMAN_AUTH_KEY_TOKENS_PER_DAY: '900000000',
}

/** @typedef {'off' | 'on'} Extras limits and metrics */

/**
 * @param {Extras} extras
 * @returns {NodeJS.ProcessEnv}
 */
export const extrasOf = (extras) =>
  extras === 'on' ? { ...LIMITS_ON, INTERHUMAN_AUTH_METRICS_PORT: '0' } : LIMITS_OFF

/**
 * A data folder with the keys that the load uses, and a service's own first one.
 *
 * @param {string} folder
 * @param {string} algorithm
 */
export async function seedSqlite(folder, algorithm) {
  const args = ['start', '--port', '0', '--first-key', '--data-dir', folder, '--algorithm', algorithm]
  const first = await startServer('service', [SERVICE, ...args])
  await first.stop()
  seed(join(folder, 'interhuman-auth.db'), KEYS.few)
}

/**
 * A database of one's own on a server, with the service's tables and the first `count` keys.
 *
 * @param {string} server URL of the server's first database
 * @param {string} name
 * @param {number} count
 * @param {string} folder
 * @returns {Promise<NodeJS.ProcessEnv>} what a service needs to know of it
 */
export async function seedPostgres(server, name, count, folder) {
  await query(server, [`create database ${name}`])
  const url = new URL(server)
  url.pathname = `/${name}`
  const env = {
    INTERHUMAN_AUTH_DATABASE_URL: url.href,
    INTERHUMAN_AUTH_MASTER_KEY: randomBytes(32).toString('base64url'),
    INTERHUMAN_AUTH_DATA_DIR: folder,
  }
  await promisify(execFile)(process.execPath, [SERVICE, 'migrate'], { env: { ...process.env, ...env } })
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    for (let first = 0; first < count; first += BATCH)
      await insertKeys(client, first, Math.min(first + BATCH, count))
    await client.query('vacuum analyze api_keys')
  } finally {
    await client.end()
  }
  return env
}

/** @param {pg.Client} client @param {number} first @param {number} end */
async function insertKeys(client, first, end) {
  /** @type {[string[], Buffer[]]} */
  const [ids, hashes] = [[], []]
  for (let index = first; index < end; index++) {
    const { keyId, keySecret } = keyOf(index)
    ids.push(keyId)
    hashes.push(createHash('sha256').update(keySecret).digest())
  }
  await client.query(
    `insert into api_keys (key_id, name, scopes, state, generation, direct, created_at, secret_hash)
     select id, 'bench', $3, 'active', 1, 0, 1, hash from unnest($1::text[], $2::bytea[]) as row (id, hash)`,
    [ids, hashes, SCOPE],
  )
}

/** @param {string} url @param {readonly string[]} statements */
async function query(url, statements) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
