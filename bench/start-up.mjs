import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootPath } from './processes.mjs'
import { compareTimes, runToEnd } from './times.mjs'

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
 * Every command that `--help` lists, from the start of its process to its first byte on standard output, standard error or
 * the network, beside `node -e 0` from its start to its end. Reading a file or standard input comes before that, so what is
 * measured is more than what is promised.
 *
 * @param {number} runs
 * @returns {Promise<import('./times.mjs').Time[]>}
 */
export async function compareStartUp(runs) {
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-bench-'))
  try {
    const command = (/** @type {string} */ name, /** @type {Way} */ way) => ({
      name: `\`interhuman-auth ${name}\``,
      run: () => untilFirstByte(folder, [name, ...way.args], way.input),
    })
    const listed = listCommands().map((name) => {
      const way = WAYS[name]
      return way === undefined ? { name: `\`${name}\``, run: async () => Number.NaN } : command(name, way)
    })
    const nothing = { name: '`node -e 0`', run: () => runToEnd(['-e', '0']) }
    return await compareTimes([nothing, command('--help', { args: [] }), ...listed], runs)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function listCommands() {
  const overview = execFileSync(process.execPath, [COMMAND, '--help'], { encoding: 'utf8' })
  return [...overview.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1] ?? '')
}

/** @param {string} folder @param {readonly string[]} args @param {Way['input']} input @returns {Promise<number>} */
async function untilFirstByte(folder, args, input) {
  const api = createServer((socket) => socket.on('error', () => {}).resume())
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (api.address())
  const key = `INTERHUMAN_KEY_ID=ihk_bench\nINTERHUMAN_KEY_SECRET=ih_live_LEAK\nINTERHUMAN_API_URL=http://127.0.0.1:${port}\n`
  mkdirSync(join(folder, 'interhuman'), { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, 'interhuman/credentials.env'), key, { mode: 0o600 })

  const { PATH = '' } = process.env
  const env = { PATH, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') }
  const started = performance.now()
  const child = spawn(process.execPath, [COMMAND, ...args], { env, timeout: 60_000 })
  child.stdin.on('error', () => {}).end(input && { key, body: BODY }[input])
  const first = [once(child.stdout, 'data'), once(child.stderr, 'data'), once(api, 'connection')]
  const closed = once(child, 'close')
  const end = closed.then(() => {
    throw new Error(`interhuman-auth ${args[0]} ended without a byte`)
  })
  try {
    await Promise.race([...first, end])
    return performance.now() - started
  } finally {
    child.kill('SIGKILL')
    await closed
    api.close()
  }
}
