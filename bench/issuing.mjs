import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  cpuMicros,
  median,
  residentMegabytes,
  rootPath,
  runLoad,
  SERVICE,
  startServer,
  UNIT_OPTIONS,
} from './processes.mjs'

const CONNECTIONS = 16
const ROUNDS = 7
const ROUND_MS = 1000
const WARM_UP_MS = 6000
/** Longer than counts wait to be written. */
const REST_MS = 7000

/**
 * A server under load; `pids` are all that it consists of, and `ports` where an equal part of the load goes.
 *
 * @typedef {import('./processes.mjs').Server & { pids?: readonly number[], ports?: readonly number[], keys?: number, requests?: readonly string[], from?: number }} Candidate
 */
/** @typedef {{ answered: number, cpuMicros: number, perSecond: number, p50: number, p99: number }} Round */
/** @typedef {{ name: string, cpu: number, ratio: number, perSecond: number, p50: number, p99: number, megabytes: number }} Row */

/** What the rows are called. */
export const ROWS = {
  floor: 'floor: bare node:http',
  fastify: 'floor and fastify, which the service does without',
  signing: 'floor that signs as the service does',
  sqlite: 'the same and SQLite',
  pino: 'the same, SQLite and pino',
  small: 'service, 1,000 keys',
  large: 'service, 1,000,000 keys, 1,000 of them in use',
  all: 'service, 1,000,000 keys, all in use',
}

/**
 * The floor, the floor with one library after the other put on, and the service, side by side.
 *
 * @param {string} algorithm
 * @param {{ small: string, large: string, all: string }} folders data folders with 1,000 keys, and two with 1,000,000
 * @param {{ small: number, large: number }} counts
 * @returns {Promise<Row[]>}
 */
export async function compareIssuing(algorithm, folders, counts) {
  const floor = (/** @type {string} */ name, /** @type {string} */ layers) =>
    startServer(name, [rootPath('bench/floor.mjs')], {
      ALGORITHM: algorithm,
      LAYERS: layers,
      DATABASE: `${folders.small}/interhuman-auth.db`,
    })
  const service = async (/** @type {string} */ name, /** @type {string} */ folder) => {
    const args = ['start', '--port', '0', '--data-dir', folder, '--algorithm', algorithm]
    // On a machine that is shared a turn of the event loop can take long without too much to do.
    const patient = ['--max-loop-delay-ms', '60000']
    const server = await startServer(name, [...UNIT_OPTIONS, SERVICE, ...args, ...patient])
    // A folder that was started with another algorithm would sign with it until guards know the new key.
    const rotate = ['signing-keys', 'rotate', '--now', '--data-dir', folder]
    await promisify(execFile)(process.execPath, [SERVICE, ...rotate])
    return server
  }
  /** @type {Candidate[]} */
  const candidates = [
    { ...(await floor(ROWS.floor, '')), keys: counts.small },
    { ...(await floor(ROWS.fastify, 'fastify')), keys: counts.small },
    { ...(await floor(ROWS.signing, 'key-object')), keys: counts.small },
    { ...(await floor(ROWS.sqlite, 'key-object,sqlite')), keys: counts.small },
    { ...(await floor(ROWS.pino, 'key-object,sqlite,pino')), keys: counts.small },
    { ...(await service(ROWS.small, folders.small)), keys: counts.small },
    { ...(await service(ROWS.large, folders.large)), keys: counts.small },
    { ...(await service(ROWS.all, folders.all)), keys: counts.large },
  ]
  try {
    return await interleave(candidates)
  } finally {
    for (const candidate of candidates) await candidate.stop()
  }
}

/** The candidates side by side, the first of them the floor; each goes on where it was in its requests. @param {Candidate[]} candidates @returns {Promise<Row[]>} */
export async function interleave(candidates) {
  /** @type {Round[][]} */
  const rounds = candidates.map(() => [])
  const rest = await watchRest(candidates)
  for (const candidate of candidates) await measure(candidate, WARM_UP_MS)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, candidate] of candidates.entries()) {
      rest.end(candidate)
      const measured = await measure(candidate, ROUND_MS)
      rest.begin(candidate, measured)
      rounds[index]?.push(measured)
    }
  }
  await pause(REST_MS)
  for (const candidate of candidates) rest.end(candidate)
  return candidates.map((candidate, index) => summarise(candidate, rounds[index] ?? [], rounds[0] ?? []))
}

/**
 * What a candidate does between its rounds belongs to the round before: the service writes then what it has counted. What it
 * does at rest anyway is taken off. Candidates that are the same processes rest together.
 *
 * @param {readonly Candidate[]} candidates
 */
async function watchRest(candidates) {
  const clock = () => Number(process.hrtime.bigint()) / 1e6
  const nameOf = (/** @type {Candidate} */ { pid, pids = [pid] }) => pids.join()
  const before = candidates.map(readCpu)
  await pause(REST_MS)
  const idle = new Map(
    candidates.map((candidate, index) => [
      nameOf(candidate),
      (readCpu(candidate) - (before[index] ?? 0)) / REST_MS,
    ]),
  )
  /** @type {Map<string, { round: Round, cpu: number, at: number }>} */
  const resting = new Map()
  return {
    begin(/** @type {Candidate} */ candidate, /** @type {Round} */ round) {
      resting.set(nameOf(candidate), { round, cpu: readCpu(candidate), at: clock() })
    },
    end(/** @type {Candidate} */ candidate) {
      const from = resting.get(nameOf(candidate))
      if (from === undefined) return
      const usual = (idle.get(nameOf(candidate)) ?? 0) * (clock() - from.at)
      from.round.cpuMicros += Math.max(0, readCpu(candidate) - from.cpu - usual)
      resting.delete(nameOf(candidate))
    },
  }
}

/** @param {Candidate} candidate */
function readCpu({ pid, pids = [pid] }) {
  return sum(pids.map(cpuMicros))
}

/** @param {Candidate} candidate @param {number} ms @returns {Promise<Round>} */
async function measure(candidate, ms) {
  const { port, ports = [port], keys, requests, from } = candidate
  const before = readCpu(candidate)
  const result = await runLoad({
    ports,
    connections: CONNECTIONS,
    ms,
    ...(keys && { keys }),
    ...(requests && { requests }),
    ...(from && { from }),
  })
  candidate.from = result.next
  if (result.failed > 0) throw new Error(`${candidate.name} refused ${result.failed} requests`)
  return {
    answered: result.answered,
    cpuMicros: readCpu(candidate) - before,
    perSecond: result.answered / result.seconds,
    p50: result.p50,
    p99: result.p99,
  }
}

/** @param {readonly number[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0)

/** @param {Candidate} candidate @param {Round[]} rounds @param {Round[]} floor @returns {Row} */
function summarise(candidate, rounds, floor) {
  const costsOf = (/** @type {Round[]} */ list) => list.map((round) => round.cpuMicros / round.answered)
  const [costs, floorCosts] = [costsOf(rounds), costsOf(floor)]
  return {
    name: candidate.name,
    cpu: median(costs),
    ratio: median(costs.map((cost, index) => cost / (floorCosts[index] ?? Number.NaN))),
    perSecond: median(rounds.map((round) => round.perSecond)),
    p50: median(rounds.map((round) => round.p50)),
    p99: median(rounds.map((round) => round.p99)),
    megabytes: sum((candidate.pids ?? [candidate.pid]).map(residentMegabytes)),
  }
}

/** @typedef {{ way: string, answered: number, megabytes: number }} Memory */

/**
 * The service's resident memory after many requests over many keys: as the systemd unit starts it, and as Node runs it unless told.
 *
 * @param {string} folder
 * @param {number} keys
 * @param {number} requests
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Memory[]>}
 */
export async function measureMemory(folder, keys, requests, env = {}) {
  const args = [SERVICE, 'start', '--port', '0', ...(folder ? ['--data-dir', folder] : [])]
  return [
    {
      way: 'as the systemd unit starts it',
      ...(await measureMemoryOf([...UNIT_OPTIONS, ...args], keys, requests, env)),
    },
    { way: 'as Node runs it unless told', ...(await measureMemoryOf(args, keys, requests, env)) },
  ]
}

/** @param {readonly string[]} args @param {number} keys @param {number} requests @param {NodeJS.ProcessEnv} env */
async function measureMemoryOf(args, keys, requests, env) {
  const server = await startServer('service', args, env)
  try {
    let answered = 0
    while (answered < requests)
      answered += (await runLoad({ ports: [server.port], connections: CONNECTIONS, keys, ms: 2000 })).answered
    return { answered, megabytes: residentMegabytes(server.pid) }
  } finally {
    await server.stop()
  }
}
