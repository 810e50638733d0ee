import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import pg from 'pg'
import { SERVICE, startServer } from '../processes.mjs'
import { SCOPE } from './stores.mjs'

const REVOCATIONS = 200

/** @typedef {{ nodes: number, p50: number, p99: number, idle: number }} Lag */

/**
 * How long after a commit the last node refuses the key, and what nodes ask of the database while nothing happens.
 *
 * @param {number} count
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Lag>}
 */
export async function measureRevocation(count, env) {
  const nodes = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      startServer(`node ${index}`, [SERVICE, 'start', '--port', '0'], env),
    ),
  )
  const client = new pg.Client({ connectionString: env.INTERHUMAN_AUTH_DATABASE_URL ?? '' })
  await client.connect()
  try {
    const idle = await measureIdle(client, count)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [SERVICE, 'keys', 'create', '--json', '--name', 'lag', '--scope', SCOPE],
      { env: { ...process.env, ...env } },
    )
    /** @type {{ key_id: string, key_secret: string }} */
    const key = JSON.parse(stdout)
    /** @type {number[]} */
    const lags = []
    for (let round = 0; round < REVOCATIONS; round++) lags.push(await measureLag(client, nodes, key, round))
    lags.sort((a, b) => a - b)
    const at = (/** @type {number} */ share) => lags[Math.floor((lags.length - 1) * share)] ?? Number.NaN
    return { nodes: count, p50: at(0.5), p99: at(0.99), idle }
  } finally {
    await client.end()
    for (const node of nodes) await node.stop()
  }
}

/**
 * One change as the service writes it, between active and disabled.
 *
 * @param {pg.Client} client
 * @param {readonly import('../processes.mjs').Server[]} nodes
 * @param {{ key_id: string, key_secret: string }} key
 * @param {number} round
 */
async function measureLag(client, nodes, key, round) {
  const disabled = round % 2 === 0
  await Promise.all(nodes.map((node) => exchange(node, key)))
  await client.query('begin')
  const { rows } = await client.query('update change_head set revision = revision + 1 returning revision')
  const [{ revision }] = rows
  await client.query(
    `insert into changes (revision, kind, subject, generation, at, expires_at)
     values ($1, 'key', $2, 1, extract(epoch from now())::bigint, extract(epoch from now())::bigint + 3660)`,
    [revision, key.key_id],
  )
  await client.query('update api_keys set state = $1, revision = $2 where key_id = $3', [
    disabled ? 'disabled' : 'active',
    revision,
    key.key_id,
  ])
  await client.query('commit')
  const committedAt = performance.now()
  const wanted = disabled ? 401 : 200
  await Promise.all(
    nodes.map(async (node) => {
      while ((await exchange(node, key)) !== wanted && performance.now() - committedAt < 10_000);
    }),
  )
  return performance.now() - committedAt
}

/** @param {import('../processes.mjs').Server} node @param {{ key_id: string, key_secret: string }} key */
async function exchange(node, key) {
  const response = await fetch(`${node.url}/v1/auth`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id: key.key_id, key_secret: key.key_secret, scopes: [SCOPE] }),
  })
  await response.arrayBuffer()
  return response.status
}

/** Transactions a node and second while nothing happens. @param {pg.Client} client @param {number} count */
async function measureIdle(client, count) {
  const read = async () => {
    await client.query('select pg_stat_clear_snapshot()')
    const { rows } = await client.query(
      'select xact_commit::float8 as n from pg_stat_database where datname = current_database()',
    )
    return rows[0].n
  }
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const before = await read()
  await new Promise((resolve) => setTimeout(resolve, 10_000))
  return ((await read()) - before) / 10 / count
}
