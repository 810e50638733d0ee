import { fork, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @param {string} path relative to the root */
export const rootPath = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

export const SERVICE = rootPath('service/bin/interhuman-auth-service.js')

/** The options of Node that the systemd unit starts the service with. */
export const UNIT_OPTIONS = readUnitOptions()

function readUnitOptions() {
  const unit = readFileSync(rootPath('deploy/systemd/interhuman-auth.service'), 'utf8')
  const options = /^ExecStart=\S+((?: --\S+)+) /m.exec(unit)?.[1]
  if (options === undefined) throw new Error('the systemd unit starts Node without options')
  return options.trim().split(' ')
}

/** @typedef {{ name: string, port: number, url: string, pid: number, metrics?: string, stop(): Promise<void> }} Server */

/**
 * Starts a server process and waits until it says on standard error that it listens. Standard error is a file: a reader of
 * its own would take time from the processors that are measured.
 *
 * @param {string} name
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Server>}
 */
export async function startServer(name, args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-log-'))
  const logFile = join(folder, 'log')
  const log = openSync(logFile, 'w')
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', log],
  })
  closeSync(log)
  const closed = new Promise((resolve) => child.once('close', resolve))
  const { url, metrics } = await waitForAddress(name, child, logFile)
  return {
    name,
    url,
    ...(metrics && { metrics }),
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM')
      await closed
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * @param {string} name
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} logFile
 * @returns {Promise<{ url: string, metrics?: string }>}
 */
async function waitForAddress(name, child, logFile) {
  for (const end = Date.now() + 60_000; Date.now() < end && child.exitCode === null; ) {
    const line = readFileSync(logFile, 'utf8')
      .split('\n')
      .slice(0, -1)
      .find((one) => one.includes('"event":"listening"'))
    if (line !== undefined) return JSON.parse(line)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  child.kill('SIGKILL')
  throw new Error(`${name} does not listen: ${readFileSync(logFile, 'utf8')}`)
}

/**
 * Runs one bounded load in a process of its own.
 *
 * @param {import('./load.mjs').LoadOrder} order
 * @returns {Promise<import('./load.mjs').LoadResult>}
 */
export const runLoad = (order) => runLoader('bench/load.mjs', order)

/**
 * Runs one bounded open load in a process of its own.
 *
 * @param {import('./open-load.mjs').OpenOrder} order
 * @returns {Promise<import('./open-load.mjs').OpenResult>}
 */
export const runOpenLoad = (order) => runLoader('bench/open-load.mjs', order)

/**
 * @param {string} file takes one order as a message and answers with one
 * @param {{ ms: number }} order
 * @returns {Promise<any>}
 */
async function runLoader(file, order) {
  const child = fork(rootPath(file))
  const timer = setTimeout(() => child.kill('SIGKILL'), order.ms + 60_000)
  try {
    return await new Promise((resolve, reject) => {
      child.once('message', resolve)
      child.once('error', reject)
      child.once('close', (code) => reject(new Error(`the load ended with ${code}`)))
      child.send(order)
    })
  } finally {
    clearTimeout(timer)
    child.kill()
  }
}

/** CPU time of a process and its children, all threads, in microseconds (Linux). @param {number} pid @returns {number} */
export function cpuMicros(pid) {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanos = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]),
  )
  const own = nanos.reduce((sum, value) => sum + value, 0) / 1000
  return childrenOf(pid).reduce((sum, child) => sum + cpuMicros(child), own)
}

/** Resident memory of a process and its children, in MB (Linux). @param {number} pid @returns {number} */
export function residentMegabytes(pid) {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return childrenOf(pid).reduce((sum, child) => sum + residentMegabytes(child), Number(kilobytes) / 1024)
}

/** @param {number} pid */
function childrenOf(pid) {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = 0] =
    sorted.length % 2 === 0 ? [sorted[middle - 1], sorted[middle]] : [sorted[middle], sorted[middle]]
  return (low + high) / 2
}
