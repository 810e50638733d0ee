import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { ROOT } from '../project.mjs'

const run = promisify(execFile)
const TIMEOUT_MS = 60_000
const NAMES = {
  x64: { deno: 'x64', bun: 'x64', workerd: '64' },
  arm64: { deno: 'arm64', bun: 'aarch64', workerd: 'arm64' },
}

/**
 * A place in which the client runs, asked from here.
 *
 * @typedef {object} Place
 * @property {string} name
 * @property {() => Promise<{ name: string, failure?: string }[]>} runPortable
 * @property {(apiUrl: string) => Promise<unknown>} exchange As in exchange.mjs.
 * @property {() => Promise<void>} close
 */

/** @typedef {Place | { name: string, reason: string }} OtherRuntime */

/** @returns {Promise<OtherRuntime[]>} */
export async function openOtherRuntimes() {
  const names = NAMES[/** @type {keyof typeof NAMES} */ (process.arch)]
  const binary = (/** @type {string} */ file) =>
    process.platform === 'linux' && names !== undefined && existsSync(path.join(ROOT, 'node_modules', file))
      ? path.join(ROOT, 'node_modules', file)
      : undefined
  return [
    openCommand('Deno', binary(`@deno/linux-${names?.deno}-glibc/deno`), [
      ...['run', '--no-prompt', '--cached-only', '--allow-read', '--allow-env', '--allow-net=127.0.0.1'],
    ]),
    openCommand('Bun', binary(`@oven/bun-linux-${names?.bun}/bin/bun`), ['run']),
    await openWorkerd(binary(`@cloudflare/workerd-linux-${names?.workerd}/bin/workerd`)),
  ]
}

/**
 * @param {string} name
 * @param {string | undefined} binary
 * @param {readonly string[]} args
 * @returns {OtherRuntime}
 */
function openCommand(name, binary, args) {
  if (binary === undefined)
    return { name, reason: `no package ships it for ${process.platform} on ${process.arch}` }
  const ask = async (/** @type {string[]} */ ...more) => {
    const options = {
      cwd: ROOT,
      timeout: TIMEOUT_MS,
      env: { ...process.env, DO_NOT_TRACK: '1', NO_COLOR: '1' },
    }
    const { stdout } = await run(binary, [...args, 'tools/runtimes/place.mjs', ...more], options)
    return JSON.parse(stdout)
  }
  return { name, runPortable: () => ask(), exchange: ask, close: async () => {} }
}

/**
 * @param {string | undefined} binary
 * @returns {Promise<OtherRuntime>}
 */
async function openWorkerd(binary) {
  const name = 'workerd'
  if (binary === undefined)
    return { name, reason: `no package ships it for ${process.platform} on ${process.arch}` }
  const folder = await mkdtemp(path.join(tmpdir(), 'workerd-'))
  await writeWorker(folder)
  const child = spawn(binary, ['serve', 'config.capnp', '--control-fd=3', '--socket-addr=http=127.0.0.1:0'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  const port = await new Promise((resolve, reject) => {
    const control = /** @type {import('node:stream').Readable} */ (child.stdio[3])
    createInterface({ input: control }).on('line', (line) => resolve(JSON.parse(line).port))
    child.once('error', reject)
    child.once('close', () => reject(new Error(`workerd does not start: ${errors}`)))
  })
  const ask = async (query = '') => {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(`http://127.0.0.1:${port}/${query}`, { signal })
    if (!response.ok) throw new Error(`workerd: ${response.status} ${errors}`)
    return response.json()
  }
  return {
    name,
    runPortable: () => ask(),
    exchange: (apiUrl) => ask(`?${new URLSearchParams({ apiUrl })}`),
    async close() {
      child.kill()
      await rm(folder, { recursive: true })
    },
  }
}

/** @param {string} folder */
async function writeWorker(folder) {
  await build({
    entryPoints: [path.join(ROOT, 'tools/runtimes/fetch-handler.mjs')],
    bundle: true,
    outfile: path.join(folder, 'worker.mjs'),
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd'],
  })
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.mjs")],
      compatibilityDate = "2026-01-01",
      globalOutbound = "local",
    )),
    (name = "local", network = (allow = ["local", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`
  await writeFile(path.join(folder, 'config.capnp'), config)
}
