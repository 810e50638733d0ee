import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { cpuMicros, median, rootPath, runLoad, runOpenLoad, SERVICE, startServer } from './processes.mjs'
import { formatTable, formatTargets } from './report.mjs'
import { seed } from './seed.mjs'

const KEYS = 1000
const CONNECTIONS = 256
const FACTORS = [0.5, 1, 2, 4]
const ROUNDS = 7
const WARM_UP_MS = 6000
const CAPACITY_MS = 1500
const LOAD_MS = 3000
/** Of each load's beginning: the service takes a burst, and finds out in 100 ms that it is none. */
const SKIP_MS = 1000
/** Of the p99 at the first factor: why, says the page. */
const BOUND = 5

/** @typedef {import('./processes.mjs').Server} Server */
/** @typedef {import('./open-load.mjs').OpenResult & { cpu: number }} Load */
/** @typedef {{ capacity: number, loads: Load[] }} Round */
/** @typedef {{ service: Round[], floor: Round[] }} Rounds */

/**
 * What the service promises about more load than the machine can bear. About four minutes.
 *
 * @param {(step: string) => void} say
 * @param {boolean} isShort
 * @returns {Promise<string>} The report.
 */
export async function measureOverload(say, isShort) {
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-bench-'))
  /** @type {Server[]} */
  const started = []
  try {
    await startSeeded(folder)
    const service = await startServer('service', [SERVICE, 'start', '--port', '0', '--data-dir', folder])
    started.push(service)
    const database = join(folder, 'interhuman-auth.db')
    const environment = { ALGORITHM: 'ES256', LAYERS: '', DATABASE: database }
    const floor = await startServer('floor', [rootPath('bench/floor.mjs')], environment)
    started.push(floor)
    return formatReport(await measureRounds(service, floor, isShort ? 1 : ROUNDS, say))
  } finally {
    for (const server of started) await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} folder */
async function startSeeded(folder) {
  const args = ['start', '--first-key', '--port', '0', '--data-dir', folder]
  const service = await startServer('service', [SERVICE, ...args])
  await service.stop()
  seed(join(folder, 'interhuman-auth.db'), KEYS)
}

/**
 * @param {Server} service
 * @param {Server} floor
 * @param {number} count
 * @param {(step: string) => void} say
 * @returns {Promise<Rounds>}
 */
async function measureRounds(service, floor, count, say) {
  for (const { port } of [service, floor]) await runLoad({ ...closedLoad(port), ms: WARM_UP_MS })
  /** @type {Rounds} */
  const rounds = { service: [], floor: [] }
  for (let round = 1; round <= count; round++) {
    say(`overload, round ${round} of ${count}`)
    rounds.service.push(await measureRound(service))
    rounds.floor.push(await measureRound(floor))
  }
  return rounds
}

/** @param {number} port */
function closedLoad(port) {
  return { ports: [port], connections: 16, keys: KEYS }
}

/** @param {Server} server @returns {Promise<Round>} */
async function measureRound({ port, pid }) {
  const { answered, seconds } = await runLoad({ ...closedLoad(port), ms: CAPACITY_MS })
  const capacity = answered / seconds
  /** @type {Load[]} */
  const loads = []
  for (const factor of FACTORS) {
    const before = cpuMicros(pid)
    const perSecond = factor * capacity
    const times = { ms: LOAD_MS, skipMs: SKIP_MS }
    const result = await runOpenLoad({ port, connections: CONNECTIONS, keys: KEYS, perSecond, ...times })
    if (result.failed > 0) throw new Error(`${result.failed} answers were neither 200 nor 503`)
    loads.push({ ...result, cpu: (cpuMicros(pid) - before) / LOAD_MS / 1000 })
  }
  return { capacity, loads }
}

/** @param {readonly Round[]} rounds */
function formatLoads(rounds) {
  const of = (/** @type {number} */ index, /** @type {(load: Load) => number} */ read) =>
    median(rounds.map(({ loads }) => read(/** @type {Load} */ (loads[index]))))
  return formatTable(
    [
      'load',
      'asked/s',
      'not sent/s',
      'accepted/s',
      'shed/s',
      'p50 ms',
      'p99 ms',
      '503, p99 ms',
      'late, p99 ms',
      'CPUs',
    ],
    FACTORS.map((factor, index) => [
      `${factor} ×`,
      of(index, ({ sent, unsent, seconds }) => (sent + unsent) / seconds).toFixed(0),
      of(index, ({ unsent, seconds }) => unsent / seconds).toFixed(0),
      of(index, ({ accepted, seconds }) => accepted / seconds).toFixed(0),
      of(index, ({ shed, seconds }) => shed / seconds).toFixed(0),
      of(index, ({ p50 }) => p50).toFixed(2),
      of(index, ({ p99 }) => p99).toFixed(2),
      of(index, ({ shedP99 }) => shedP99).toFixed(2),
      of(index, ({ lateP99 }) => lateP99).toFixed(2),
      of(index, ({ cpu }) => cpu).toFixed(2),
    ]),
  )
}

/** @param {readonly Round[]} rounds @returns {import('./report.mjs').Target[]} */
function targets(rounds) {
  return FACTORS.flatMap((factor, index) => {
    if (factor < 2) return []
    const measured = median(
      rounds.map(({ loads }) => (loads[index]?.p99 ?? Number.NaN) / (loads[0]?.p99 ?? Number.NaN)),
    )
    return [
      { promise: `p99 of the accepted at ${factor} ×`, measured, bound: BOUND, unit: ' × that at 0.5 ×' },
    ]
  })
}

/** @param {readonly Round[]} rounds */
function formatCapacity(rounds) {
  return median(rounds.map(({ capacity }) => capacity)).toFixed(0)
}

/** @param {Rounds} rounds */
function formatReport({ service, floor }) {
  return `# Benchmarks: overload

Written by \`node bench/run.mjs overload\`: ${service.length} rounds. In each the capacity is measured first, with 16 connections
that are kept busy: ${formatCapacity(service)} tokens a second (ES256, SQLite, one process; the median). Then come 0.5, 1, 2 and
4 times as many requests as that for ${LOAD_MS / 1000} s each, at random moments, whatever is answered, over ${CONNECTIONS} connections.
Then the same for the floor, bare \`node:http\` that refuses nothing, by its own capacity. Node ${process.versions.node},
${availableParallelism()} cores.

## Promises

${formatTargets(targets(service))}

The bound follows from what is waited for. A request that is accepted waits for the turn of the event loop before its own: for
the ten milliseconds that a turn gives to what is accepted while there is too much to do, and for its refusals, one for each of
the other connections at most. Then it waits for those before it in its own turn, ten milliseconds again. How long the load
lasts, and how far it is beyond what can be done, are not in it. At half of the capacity it waits for a few others, and for the
machine: for its scheduler and for the collection of garbage, some ten milliseconds in one of a hundred. So what is waited under
overload is a few times that, and five times leaves room for refusals that are slow. It is a bound; it is not the latency of a
service that has little to do, whose median is far below.

## The service

${formatLoads(service)}

Latency is counted from the moment of sending to the whole answer, and not in the first second of a load, since a burst is
worked off and takes 100 ms to be told from more. Who finds no connection free has *not sent*: beyond that the load is bound by
its connections, as that of a proxy is. *Late* is how long after its moment a request was sent: what the load generator itself
had to wait for. Values are medians over the rounds, each of its own: where less is accepted than asked for and nothing shed, as at
0.5 ×, a part of the rounds did shed. A machine whose other work holds the service up again and again leaves a queue that stays
even at half of the load, and that is cut short like any other.

## The floor

It can do ${formatCapacity(floor)} tokens a second. What it cannot do waits, by the length of its queue: all connections wait for each other, each
request for as long as all of them take. With as few as here that is as long as the slowest hundredth waits for the service; the
median shows what is saved. It grows with the connections, where the service's grows with the refusals alone.

${formatLoads(floor)}

## What it means that both share the cores

The load generator never sleeps and takes one core whole; the service has the other, with the kernel's work for both, and all
else that runs on the machine. So the p99 at 0.5 × is for a good part that of the machine, as the floor's shows, and what is
said of 2 × and 4 × is only as good as that. At 4 × generator and service together can do no more than is sent and answered here.
A refusal costs a quarter to a half of what a token does, nearly all of it in Node's reading and writing of HTTP and in the kernel:
that is why less is accepted at 4 × than at 1 ×.
`
}
