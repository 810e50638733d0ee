import { availableParallelism } from 'node:os'
import { formatIssuing, formatTable, formatTargets, formatTimes, memoryTargets } from '../report.mjs'

/**
 * @typedef {object} Results
 * @property {import('../times.mjs').Time[]} ready
 * @property {import('./issuing.mjs').Issuing} es256
 * @property {import('./issuing.mjs').Issuing} hs256
 * @property {import('../issuing.mjs').Row[]} workers
 * @property {import('../issuing.mjs').Row[]} introspection
 * @property {import('../issuing.mjs').Memory[]} memory
 * @property {import('./revocation.mjs').Lag[]} lags
 */

/** Where the candidates stand in the rows. */
const [PLAIN, SQLITE, POSTGRES, PEER] = [1, 2, 3, 5]

/** @param {readonly { ratio: number }[]} rows @param {number} index */
const ratioOf = (rows, index) => rows[index]?.ratio ?? Number.NaN

/** @param {string} algorithm @param {import('./issuing.mjs').Issuing} issuing @param {{ floor: number, peer: number }} bounds */
function issuingTargets(algorithm, { rows, hits }, bounds) {
  const perSecond = (/** @type {number} */ index) => rows[index]?.perSecond ?? Number.NaN
  const against = ' × floor'
  return [
    {
      promise: `CPU a token, ${algorithm}, SQLite`,
      measured: ratioOf(rows, SQLITE),
      bound: bounds.floor,
      unit: against,
    },
    {
      promise: `CPU a token, ${algorithm}, PostgreSQL`,
      measured: ratioOf(rows, POSTGRES),
      bound: bounds.floor,
      unit: against,
    },
    {
      promise: `tokens a second on SQLite, ${algorithm}, against PostgreSQL with ${percent(hits.few)} of keys in its cache (at most 1 / 0.95)`,
      measured: perSecond(SQLITE) / perSecond(POSTGRES),
      bound: 1.0526,
      unit: ' × PostgreSQL',
    },
    {
      promise: `CPU a token, ${algorithm}, against oidc-provider`,
      measured: ratioOf(rows, PLAIN) / ratioOf(rows, PEER),
      bound: bounds.peer,
      unit: ' × oidc-provider',
    },
    {
      promise: `p99, ${algorithm}, against oidc-provider`,
      measured: (rows[PLAIN]?.p99 ?? Number.NaN) / (rows[PEER]?.p99 ?? Number.NaN),
      bound: 1,
      unit: ' × oidc-provider',
    },
  ]
}

/** @param {Results} results @returns {import('../report.mjs').Target[]} */
function targets({ ready, es256, hs256, workers, introspection, memory, lags }) {
  return [
    ...issuingTargets('ES256', es256, { floor: 1.5, peer: 0.4 }),
    ...issuingTargets('HS256', hs256, { floor: 2, peer: 0.333 }),
    {
      promise: 'CPU a token, two workers',
      measured: ratioOf(workers, 2) / ratioOf(workers, 1),
      bound: 1.05,
      unit: ' × two nodes of one process',
    },
    { promise: 'introspection, SQLite', measured: ratioOf(introspection, 1), bound: 1.5, unit: ' × floor' },
    {
      promise: 'introspection, PostgreSQL',
      measured: ratioOf(introspection, 2),
      bound: 1.5,
      unit: ' × floor',
    },
    {
      promise: 'introspection, PostgreSQL, each token for the first time',
      measured: ratioOf(introspection, 3),
      bound: 1.5,
      unit: ' × floor',
    },
    ...memoryTargets(memory, 'PostgreSQL'),
    {
      promise: 'ready, PostgreSQL, 1,000 keys',
      measured: ratioOf(ready, 1),
      bound: 15,
      unit: ' × `node -e 0`',
    },
    {
      promise: 'ready, PostgreSQL, 1,000,000 keys',
      measured: ratioOf(ready, 2),
      bound: 15,
      unit: ' × `node -e 0`',
    },
    ...lags.map(({ nodes, p99 }) => ({
      promise: `revocation, nodes: ${nodes}, p99`,
      measured: p99,
      bound: 250,
      unit: ' ms',
    })),
  ]
}

const percent = (/** @type {number} */ share) => `${(share * 100).toFixed(1)} %`

/**
 * Writes the page.
 *
 * @param {Results} results
 */
export function formatReport(results) {
  const { ready, es256, hs256, workers, introspection, lags } = results
  return `# Benchmarks: many nodes

Written by \`node bench/run.mjs nodes\`: side by side in one run, as in [benchmarks.md](benchmarks.md). Node ${process.versions.node},
${availableParallelism()} cores, with the load generator and PostgreSQL on the same machine.

## Promises

${formatTargets(targets(results))}

The floor signs as Node documents it; [benchmarks.md](benchmarks.md) has a row for one that signs as the service does.

## A token with ES256

oidc-provider issues JWT access tokens with its memory adapter, for the same grant; it has no metrics, limits, usage or log, and
is compared with the service on SQLite without the first two. What every limit and the metrics cost together is the difference of the two rows
of SQLite; usage is counted in all of them. Keys in the cache of PostgreSQL: ${percent(es256.hits.few)} of look-ups were answered by it;
keys not in it: ${percent(es256.hits.many)}, with 1,000,000 keys asked for at random, each of the others a query.

${formatIssuing(es256.rows)}

## A token with HS256

Look-ups answered by the cache: ${percent(hs256.hits.few)}, and ${percent(hs256.hits.many)}.

${formatIssuing(hs256.rows)}

## Two workers

On PostgreSQL with ES256, under the same load; CPU and memory are those of all processes of a row together. Where two processes
and the load have two cores, a token costs each of them more, whether they belong together or not; so what the workers cost
is told against two nodes of one process each.

${formatIssuing(workers)}

## Introspection

1,000 tokens with ES256, asked about again and again; in the last row each token for the first time. The floor checks the
credential of the verifier and the signature each time.

${formatIssuing(introspection)}

## Ready

From the start of the process to the first 200 of \`/health/ready\`; PostgreSQL answers from the beginning.

${formatTimes(ready)}

## A revocation

From the commit of a change to the moment when the last node answers by it, seen by asking each in turn; and the transactions of
a node in a second in which nothing happens.

${formatTable(
  ['nodes', 'p50 ms', 'p99 ms', 'transactions a node and second, idle'],
  lags.map(({ nodes, p50, p99, idle }) => [String(nodes), p50.toFixed(0), p99.toFixed(0), idle.toFixed(1)]),
)}
`
}
