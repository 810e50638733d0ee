import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootPath } from './processes.mjs'
import { runToEnd, summariseTimes, takeTurns } from './times.mjs'

const COMMAND = rootPath('cli/bin/interhuman-auth.js')
const SCOPE = ['--scope', 'interhumanai.upload']
const BODY = '{"error_id":"ih2001","message":"Unauthorized"}'

/** @typedef {{ args: string[], input?: 'key' | 'body' }} Way */

/**
 * How each command is started, so that it does its work: what is typed, and what it finds on standard input. One that is not
 * here is not measured, which misses its promise.
 *
 * @type {Record<string, Way>}
 */
const WAYS = {
  token: { args: SCOPE },
  check: { args: [] },
  header: { args: SCOPE },
  exec: { args: [...SCOPE, '--', process.execPath, '-e', '0'] },
  login: { args: ['--store', 'file'], input: 'key' },
  logout: { args: ['--store', 'file'] },
  explain: { args: [], input: 'body' },
  proxy: { args: SCOPE },
  completion: { args: ['bash'] },
}

/**
 * What does more than the command alone: the proxy is there before the command, whose byte is the first one out.
 *
 * @type {Record<string, Way>}
 */
const MORE_WAYS = { 'exec --proxy': { args: [...SCOPE, '--', 'echo'] } }

/** @typedef {{ toFirst: number, toByte: number }} Start Milliseconds; `toFirst` is to what is promised. */
/** @typedef {{ toFirst: import('./times.mjs').Time[], toByte: import('./times.mjs').Time[] }} StartUp */

/**
 * Every command that `--help` lists, beside `node -e 0` from its start to its end: from the start of its process to its first
 * input or output, and to its first byte out.
 *
 * @param {number} runs
 * @returns {Promise<StartUp>}
 */
export async function compareStartUp(runs) {
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-bench-'))
  try {
    const command = (/** @type {string} */ name, /** @type {Way} */ way) => ({
      name: `\`interhuman-auth ${name}\``,
      run: () => start(folder, [...name.split(' '), ...way.args], way.input),
    })
    const listed = listCommands().map((name) => {
      const way = WAYS[name]
      return way === undefined ? { name: `\`${name}\``, run: notMeasured } : command(name, way)
    })
    const more = Object.entries(MORE_WAYS).map(([name, way]) => command(name, way))
    const first = { name: '`node -e 0`', run: runNothing }
    const candidates = [first, command('--help', { args: [] }), ...listed, ...more]
    const starts = await takeTurns(candidates, runs)
    const pick = (/** @type {keyof Start} */ which) => starts.map((each) => each.map((one) => one[which]))
    return {
      toFirst: summariseTimes(candidates, pick('toFirst')),
      toByte: summariseTimes(candidates, pick('toByte')),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function listCommands() {
  const overview = execFileSync(process.execPath, [COMMAND, '--help'], { encoding: 'utf8' })
  return [...overview.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1] ?? '')
}

/** @returns {Promise<Start>} */
async function notMeasured() {
  return { toFirst: Number.NaN, toByte: Number.NaN }
}

/** @returns {Promise<Start>} */
async function runNothing() {
  const ms = await runToEnd(['-e', '0'])
  return { toFirst: ms, toByte: ms }
}

/** @param {string} folder @param {readonly string[]} args @param {Way['input']} input @returns {Promise<Start>} */
async function start(folder, args, input) {
  const api = createServer((socket) => socket.on('error', () => {}).resume())
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (api.address())
  const key = `INTERHUMAN_KEY_ID=ihk_bench\nINTERHUMAN_KEY_SECRET=ih_live_LEAK\nINTERHUMAN_API_URL=http://127.0.0.1:${port}\n`
  const file = join(folder, 'interhuman/credentials.env')
  mkdirSync(join(folder, 'interhuman'), { recursive: true, mode: 0o700 })
  writeFileSync(file, key, { mode: 0o600 })

  const { PATH = '' } = process.env
  const env = { PATH, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') }
  const [startedAt, started] = [Date.now(), performance.now()]
  const child = spawn(process.execPath, [COMMAND, ...args], { env, timeout: 60_000 })
  child.stdin.on('error', () => {}).end(input && { key, body: BODY }[input])
  const first = [once(child.stdout, 'data'), once(child.stderr, 'data'), once(api, 'connection')]
  const closed = once(child, 'close')
  const end = closed.then(() => {
    throw new Error(`interhuman-auth ${args[0]} ended without a byte`)
  })
  try {
    await Promise.race([...first, end])
    const toByte = performance.now() - started
    return { toByte, toFirst: Math.min(toByte, readAt(file) - startedAt) }
  } finally {
    child.kill('SIGKILL')
    await closed
    api.close()
  }
}

/** A file's time is that of the kernel's last tick. */
const TICK_MS = 4

/** When a file was first read since it was written, epoch milliseconds; never if it was not, or nobody notes it down. */
function readAt(/** @type {string} */ file) {
  const { atimeMs, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { atimeMs: 0, mtimeMs: 0 }
  return atimeMs > mtimeMs ? atimeMs + TICK_MS : Number.POSITIVE_INFINITY
}
