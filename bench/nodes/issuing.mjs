import { join } from 'node:path'
import { interleave, measureMemory } from '../issuing.mjs'
import { peerRequest } from '../keys.mjs'
import { rootPath, SERVICE, startServer, UNIT_OPTIONS } from '../processes.mjs'
import { extrasOf, KEYS } from './stores.mjs'

const START = ['start', '--port', '0']
const MEMORY_REQUESTS = 100_000

/** @typedef {{ folder: string, few: NodeJS.ProcessEnv, many: NodeJS.ProcessEnv }} Stores */
/** @typedef {{ rows: import('../issuing.mjs').Row[], hits: { few: number, many: number } }} Issuing */

/**
 * The floor, the service on either store, and oidc-provider, side by side.
 *
 * @param {string} algorithm
 * @param {Stores} stores
 * @returns {Promise<Issuing>}
 */
export async function compareStores(algorithm, stores) {
  const signing = ['--algorithm', algorithm]
  const sqlite = [...UNIT_OPTIONS, SERVICE, ...START, ...signing, '--data-dir', stores.folder]
  const postgres = [...UNIT_OPTIONS, SERVICE, ...START, ...signing]
  const on = extrasOf('on')
  const floor = { ALGORITHM: algorithm, LAYERS: '', DATABASE: join(stores.folder, 'interhuman-auth.db') }
  /** @type {import('../issuing.mjs').Candidate[]} */
  const candidates = []
  /** @type {(name: string, args: readonly string[], env: NodeJS.ProcessEnv, load: object) => Promise<void>} */
  const add = async (name, args, env, load) => {
    candidates.push({ ...(await startServer(name, args, env)), ...load })
  }
  const few = { keys: KEYS.few }
  try {
    await add('floor: bare node:http', [rootPath('bench/floor.mjs')], floor, few)
    await add('service, SQLite, no metrics, no limits', sqlite, extrasOf('off'), few)
    await add('service, SQLite, metrics and all limits', sqlite, on, few)
    await add('service, PostgreSQL, keys in its cache', postgres, { ...stores.few, ...on }, few)
    await add(
      'service, PostgreSQL, keys not in its cache',
      postgres,
      { ...stores.many, ...on },
      { keys: KEYS.many },
    )
    await add(
      'oidc-provider, memory',
      [rootPath('bench/oidc-provider.mjs')],
      { ALGORITHM: algorithm },
      {
        requests: [peerRequest()],
      },
    )
    const rows = await interleave(candidates)
    const [inCache, many] = await Promise.all(candidates.slice(3, 5).map(({ metrics }) => hitRate(metrics)))
    return { rows, hits: { few: inCache ?? Number.NaN, many: many ?? Number.NaN } }
  } finally {
    for (const candidate of candidates) await candidate.stop()
  }
}

/** The share of look-ups that the cache of keys answered. @param {string | undefined} metrics */
async function hitRate(metrics) {
  const text = await (await fetch(`${metrics}/metrics`)).text()
  const read = (/** @type {string} */ result) =>
    Number(new RegExp(`key_cache_lookups_total\\{[^}]*result="${result}"[^}]*\\} (\\S+)`).exec(text)?.[1])
  const [hit, miss] = [read('hit'), read('miss')]
  return hit / (hit + miss)
}

/**
 * One process, two nodes of one process each, and two workers behind one port, side by side under the same load. Two processes
 * beside the load's make everything dearer where there are two cores, whoever they are: what workers cost is what they cost
 * above two nodes.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export async function compareWorkers(env) {
  const start = (/** @type {string} */ name, /** @type {readonly string[]} */ more = []) =>
    startServer(name, [...UNIT_OPTIONS, SERVICE, ...START, ...more], { ...env, ...extrasOf('on') })
  const one = await start('one process')
  const two = [await start('two nodes, one process each'), await start('the other node')]
  const workers = await start('`--workers 2`', ['--workers', '2'])
  const [first = one] = two
  const keys = KEYS.few
  try {
    return await interleave([
      { ...one, keys },
      { ...first, keys, ports: two.map(({ port }) => port), pids: two.map(({ pid }) => pid) },
      { ...workers, keys },
    ])
  } finally {
    for (const server of [one, ...two, workers]) await server.stop()
  }
}

/**
 * Resident memory after requests over far more keys than the cache holds, with limits as they are unless told.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export const measureMemoryOfMany = (env) =>
  measureMemory('', KEYS.many, MEMORY_REQUESTS, { ...env, INTERHUMAN_AUTH_METRICS_PORT: '0' })
