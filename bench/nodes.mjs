import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { startPostgres } from '../test/support/start-postgres.ts'
import { interleave } from './issuing.mjs'
import { keyOf } from './keys.mjs'
import { rootPath, SERVICE, startServer } from './processes.mjs'
import { formatIssuing, formatTable, formatTargets } from './report.mjs'
import { seed } from './seed.mjs'

const KEYS = 1000
const NODES = [1, 3, 6]
const REVOCATIONS = 200

/**
 * PostgreSQL beside SQLite, oidc-provider beside both, and how fast a revocation reaches the nodes.
 *
 * @param {(step: string) => void} say
 * @returns {Promise<string>} The report.
 */
export async function measureNodes(say) {
  const root = mkdtempSync(join(tmpdir(), 'interhuman-auth-bench-'))
  const postgres = await startPostgres()
  const env = {
    INTERHUMAN_AUTH_DATABASE_URL: postgres.url(),
    INTERHUMAN_AUTH_MASTER_KEY: randomBytes(32).toString('base64url'),
    INTERHUMAN_AUTH_DATA_DIR: join(root, 'node'),
  }
  try {
    say('issuing on both stores, and by oidc-provider')
    const rows = await compareStores(root, env, postgres.url())
    /** @type {Lag[]} */
    const lags = []
    for (const count of NODES) {
      say(`revocation on ${count} nodes`)
      lags.push(await measureRevocation(count, env, postgres.url()))
    }
    return formatReport(rows, lags)
  } finally {
    await postgres.remove()
    rmSync(root, { recursive: true, force: true })
  }
}

/** @param {string} root @param {Record<string, string>} env @param {string} url */
async function compareStores(root, env, url) {
  const folder = join(root, 'sqlite')
  const start = ['start', '--port', '0']
  const first = await startServer('service', [SERVICE, ...start, '--first-key', '--data-dir', folder])
  await first.stop()
  seed(join(folder, 'interhuman-auth.db'), KEYS)
  const candidates = [
    {
      ...(await startServer('floor: bare node:http', [rootPath('bench/floor.mjs')], {
        ALGORITHM: 'ES256',
        LAYERS: '',
        DATABASE: join(folder, 'interhuman-auth.db'),
      })),
      keys: KEYS,
    },
    { ...(await startServer('service, SQLite', [SERVICE, ...start, '--data-dir', folder])), keys: KEYS },
    {
      ...(await startServer('service, PostgreSQL, keys in its cache', [SERVICE, ...start], env)),
      keys: KEYS,
    },
    {
      ...(await startServer('oidc-provider, memory', [rootPath('bench/oidc-provider.mjs')])),
      keys: 1,
      isPeer: true,
    },
  ]
  try {
    await seedPostgres(url)
    return await interleave(candidates)
  } finally {
    for (const candidate of candidates) await candidate.stop()
  }
}

/** @param {string} url */
async function seedPostgres(url) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (let index = 0; index < KEYS; index++) {
      const { keyId, keySecret } = keyOf(index)
      await client.query(
        `insert into api_keys (key_id, name, scopes, state, generation, direct, created_at, secret_hash)
         values ($1, 'bench', 'interhumanai.upload', 'active', 1, 0, 1, $2)`,
        [keyId, createHash('sha256').update(keySecret).digest()],
      )
    }
  } finally {
    await client.end()
  }
}

/** @typedef {{ nodes: number, p50: number, p99: number, idle: number }} Lag */

/**
 * How long after a commit the last node refuses the key, and what nodes ask of the database while nothing happens.
 *
 * @param {number} count
 * @param {Record<string, string>} env
 * @param {string} url
 * @returns {Promise<Lag>}
 */
async function measureRevocation(count, env, url) {
  const nodes = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      startServer(`node ${index}`, [SERVICE, 'start', '--port', '0'], env),
    ),
  )
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const idle = await measureIdle(client, count)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [SERVICE, 'keys', 'create', '--json', '--name', 'lag', '--scope', 'interhumanai.upload'],
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
 * @param {readonly import('./processes.mjs').Server[]} nodes
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

/** @param {import('./processes.mjs').Server} node @param {{ key_id: string, key_secret: string }} key */
async function exchange(node, key) {
  const response = await fetch(`${node.url}/v1/auth`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id: key.key_id, key_secret: key.key_secret, scopes: ['interhumanai.upload'] }),
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

/** @param {readonly import('./issuing.mjs').Row[]} rows @param {readonly Lag[]} lags */
function formatReport(rows, lags) {
  const [, sqlite, postgres, peer] = rows
  const three = lags.find(({ nodes }) => nodes === 3)
  const ratio = (/** @type {number | undefined} */ one, /** @type {number | undefined} */ other) =>
    (one ?? Number.NaN) / (other ?? Number.NaN)
  return `# Benchmarks: many nodes

Written by \`node bench/run.mjs nodes\`: side by side in one run, as in [benchmarks.md](benchmarks.md). Node ${process.versions.node},
${availableParallelism()} cores, with the load generator and PostgreSQL on the same machine.

## Promises

${formatTargets([
  {
    promise: 'CPU a token, ES256, SQLite',
    measured: sqlite?.ratio ?? Number.NaN,
    bound: 1.5,
    unit: ' × floor',
  },
  {
    promise: 'CPU a token, ES256, PostgreSQL',
    measured: postgres?.ratio ?? Number.NaN,
    bound: 1.5,
    unit: ' × floor',
  },
  {
    promise: 'tokens a second on SQLite against PostgreSQL (at most 1 / 0.95)',
    measured: ratio(sqlite?.perSecond, postgres?.perSecond),
    bound: 1.0526,
    unit: ' × PostgreSQL',
  },
  {
    promise: 'CPU a token against oidc-provider (1 / 2.5)',
    measured: ratio(sqlite?.ratio, peer?.ratio),
    bound: 0.4,
    unit: ' × oidc-provider',
  },
  {
    promise: 'p99 against oidc-provider',
    measured: ratio(sqlite?.p99, peer?.p99),
    bound: 1,
    unit: ' × oidc-provider',
  },
  { promise: 'revocation on three nodes, p99', measured: three?.p99 ?? Number.NaN, bound: 250, unit: ' ms' },
])}

## A token with ES256

oidc-provider issues JWT access tokens with its memory adapter, for the same grant.

${formatIssuing(rows)}

## A revocation

From the commit of a change to the moment when the last node answers by it, seen by asking each in turn; and the transactions of
a node in a second in which nothing happens.

${formatTable(
  ['nodes', 'p50 ms', 'p99 ms', 'transactions a node and second, idle'],
  lags.map(({ nodes, p50, p99, idle }) => [String(nodes), p50.toFixed(0), p99.toFixed(0), idle.toFixed(1)]),
)}
`
}
