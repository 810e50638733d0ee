import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { median, rootPath, SERVICE } from './processes.mjs'

const RUNS = 15

/** @typedef {{ name: string, ms: number, ratio: number }} Time */

/**
 * From the start of a process to the first 200 of `/health/ready`, beside `node -e 0`.
 *
 * @param {readonly { name: string, folder: string, env?: NodeJS.ProcessEnv }[]} services
 * @returns {Promise<Time[]>}
 */
export async function compareReadiness(services) {
  // Below the range that outgoing connections take theirs from.
  let port = 24_747
  return compare([
    { name: '`node -e 0`', run: () => runToEnd(['-e', '0']) },
    ...services.map(({ name, folder, env }) => ({ name, run: () => untilReady(folder, port++, env) })),
  ])
}

/**
 * A token by the command and by the skill's script, beside a bare script that sends the same `fetch`.
 *
 * @param {string} url
 * @param {string} credentialsFile
 * @param {{ keyId: string, keySecret: string }} key
 * @returns {Promise<Time[]>}
 */
export async function compareCommands(url, credentialsFile, key) {
  const environment = {
    ...process.env,
    INTERHUMAN_CONFIG: credentialsFile,
    BENCH_URL: url,
    ...asEnvironment(key),
  }
  const arguments_ = ['token', '--scope', 'interhumanai.upload']
  return compare([
    { name: 'bare script, five lines', run: () => runToEnd([rootPath('bench/bare-fetch.mjs')], environment) },
    {
      name: '`interhuman-auth token`',
      run: () => runToEnd([rootPath('cli/bin/interhuman-auth.js'), ...arguments_], environment),
    },
    {
      name: "the skill's script",
      run: () =>
        runToEnd(
          [rootPath('skills/interhuman-authentication/scripts/interhuman-auth.mjs'), ...arguments_.slice(1)],
          environment,
        ),
    },
  ])
}

/** @param {{ keyId: string, keySecret: string }} key */
function asEnvironment({ keyId, keySecret }) {
  return { BENCH_ID: keyId, BENCH_PHRASE: keySecret }
}

/** @param {readonly { name: string, run: () => Promise<number> }[]} candidates @returns {Promise<Time[]>} */
async function compare(candidates) {
  return summariseTimes(candidates, await takeTurns(candidates, RUNS))
}

/**
 * Runs each candidate in turn, round by round after one that does not count.
 *
 * @template T
 * @param {readonly { run: () => Promise<T> }[]} candidates
 * @param {number} runs
 * @returns {Promise<T[][]>} What each gave, round by round.
 */
export async function takeTurns(candidates, runs) {
  /** @type {T[][]} */
  const given = candidates.map(() => [])
  for (let run = -1; run < runs; run++) {
    for (const [index, candidate] of candidates.entries()) {
      const one = await candidate.run()
      if (run >= 0) given[index]?.push(one)
    }
  }
  return given
}

/**
 * Compares each with the first.
 *
 * @param {readonly { name: string }[]} candidates
 * @param {readonly (readonly number[])[]} times
 * @returns {Time[]}
 */
export function summariseTimes(candidates, times) {
  return candidates.map(({ name }, index) => ({
    name,
    ms: median(times[index] ?? []),
    ratio: median((times[index] ?? []).map((ms, run) => ms / (times[0]?.[run] ?? Number.NaN))),
  }))
}

/** @param {readonly string[]} args @param {NodeJS.ProcessEnv} env */
export async function runToEnd(args, env = process.env) {
  const started = performance.now()
  const child = spawn(process.execPath, args, {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 60_000,
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}`)
  return performance.now() - started
}

/** @param {string} folder @param {number} port @param {NodeJS.ProcessEnv} env */
async function untilReady(folder, port, env = {}) {
  const started = performance.now()
  const args = [SERVICE, 'start', '--port', String(port), '--data-dir', folder]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: 'ignore',
    timeout: 60_000,
  })
  while (!(await isReady(port))) {
    if (child.exitCode !== null || performance.now() - started > 30_000)
      throw new Error('the service is not ready')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const ms = performance.now() - started
  child.kill('SIGTERM')
  await once(child, 'close')
  return ms
}

/** @param {number} port */
async function isReady(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health/ready`)).ok
  } catch {
    return false
  }
}
