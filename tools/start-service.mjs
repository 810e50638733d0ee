import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ROOT } from './project.mjs'

const START_TIMEOUT_MS = 60_000

/** Log levels that would leave out that the service listens, off which the start is read. Of a repeated flag the last counts. */
const QUIET = /^(?:--log-level=)?(?:warn|error|silent)$/

const endWithParent = new URL('end-with-parent.mjs', import.meta.url).href

/**
 * What the service says of itself when it is up.
 *
 * @typedef {{ url: string, credentialsFile: string, created: boolean }} Started
 */

/**
 * The built service as a process in a group of its own, so that a Ctrl-C in the terminal reaches it through `stop` alone,
 * and only once. It ends by itself when this process is gone.
 *
 * @typedef {object} Service
 * @property {Promise<Started>} started Rejects when the service ends before it listens, or does not listen in time.
 * @property {Promise<number>} ended The exit code.
 * @property {() => Promise<number>} stop Asks it to stop; calling it again changes nothing.
 */

/**
 * Starts the built service, on SQLite with a first key.
 *
 * @param {object} options
 * @param {readonly string[]} options.args Further arguments of `start`.
 * @param {NodeJS.ProcessEnv} options.env
 * @param {(line: string) => void} options.onLine Takes each line of its standard error but the two that tell of the start.
 * @returns {Service}
 */
export function startService({ args, env, onLine }) {
  const loud = args.some((arg) => QUIET.test(arg)) ? ['--log-level', 'info'] : []
  const firstKey = usesPostgres(env) ? [] : ['--first-key']
  const command = ['service/bin/interhuman-auth-service.js', 'start', ...firstKey, ...args, ...loud]
  const child = spawn(process.execPath, ['--import', endWithParent, ...command], {
    cwd: ROOT,
    env,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 2, 'pipe', 'ipc'],
  })
  /** @type {Promise<number>} */
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  let asked = false
  const stop = () => {
    if (!asked) child.kill('SIGTERM')
    asked = true
    return ended
  }
  const lines = createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stderr) })
  /** @type {Promise<Started>} */
  const listening = new Promise((resolve) => {
    let firstKey = { credentialsFile: '', created: false }
    lines.on('line', (line) => {
      const event = readEvent(line)
      if (event.event === 'first_key') firstKey = { ...firstKey, ...event }
      else if (event.event === 'listening') resolve({ ...firstKey, url: String(event.url) })
      else onLine(line)
    })
  })
  return { started: inTime(listening, ended), ended, stop }
}

/**
 * Whether the service keeps its keys in PostgreSQL, where it makes no first key.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function usesPostgres({ INTERHUMAN_AUTH_DATABASE_URL, INTERHUMAN_AUTH_DATABASE_URL_FILE }) {
  return (INTERHUMAN_AUTH_DATABASE_URL ?? INTERHUMAN_AUTH_DATABASE_URL_FILE) !== undefined
}

class LateError extends Error {}

/**
 * Says whether a start took too long, which the service itself has said nothing about.
 *
 * @param {unknown} error
 */
export function isLate(error) {
  return error instanceof LateError
}

/**
 * @param {Promise<Started>} listening
 * @param {Promise<number>} ended
 * @returns {Promise<Started>}
 */
function inTime(listening, ended) {
  return new Promise((resolve, reject) => {
    const late = new LateError(`the service does not listen after ${START_TIMEOUT_MS / 1000} s`)
    const timer = setTimeout(() => reject(late), START_TIMEOUT_MS)
    void listening.then(resolve)
    void ended.then((code) => reject(new Error(`the service ended with exit code ${code}`)), reject)
    void Promise.race([listening, ended]).then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    )
  })
}

/**
 * @param {string} line
 * @returns {{ event?: string, url?: string, credentialsFile?: string, created?: boolean }}
 */
function readEvent(line) {
  try {
    const value = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
