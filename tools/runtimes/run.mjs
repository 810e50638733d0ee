import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from '../project.mjs'
import { startService } from '../start-service.mjs'
import { addTallies, emptyTally } from '../tally.mjs'
import { findChromium } from './chromium.mjs'
import { findRuntimes } from './node-binaries.mjs'

/** @typedef {import('../tally.mjs').Tally} Tally */

const SUITE_TIMEOUT_MS = 90_000
const ISSUER = 'http://127.0.0.1:4747'

/**
 * Runs the built files on each Node of the matrix and in a browser, against a real service where one is needed, and says
 * on standard output what became of each case.
 *
 * @returns {Promise<Tally>}
 */
export async function runMatrix() {
  const folder = await mkdtemp(path.join(tmpdir(), 'runtimes-'))
  /** @type {string[]} */
  const log = []
  const service = startService({
    args: ['--port', '0', '--data-dir', path.join(folder, 'data'), '--issuer', ISSUER],
    env: withoutSettings(process.env),
    onLine: (line) => log.push(line),
  })
  try {
    const { credentialsFile } = await service.started
    const suites = (await findRuntimes()).map((runtime) => () => {
      if ('reason' in runtime) return skip(`runtimes: ${runtime.name}`, runtime.reason)
      return runSuite(runtime.name, runtime.node, ['tools/runtimes/suite.mjs', credentialsFile, ISSUER])
    })
    const tallies = []
    const runOthers = () => runSuite('other runtimes', process.execPath, ['tools/runtimes/others.mjs'])
    for (const suite of [...suites, runBrowser, runOthers]) tallies.push(await suite())
    return addTallies(tallies)
  } catch (error) {
    console.log(`FAILED runtimes: ${/** @type {Error} */ (error).message}\n${log.join('\n')}`)
    return { ...emptyTally(), failed: 1 }
  } finally {
    await service.stop()
    await rm(folder, { recursive: true })
  }
}

async function runBrowser() {
  const browser = await findChromium()
  if ('reason' in browser) return skip('runtimes: Chromium', browser.reason)
  return runSuite(
    'Chromium',
    process.execPath,
    ['tools/runtimes/browser.mjs', browser.executablePath],
    browser.env,
  )
}

/**
 * @param {string} name
 * @param {string} reason
 * @returns {Tally}
 */
function skip(name, reason) {
  return { ...emptyTally(), skipped: [{ name, reason }] }
}

/**
 * Runs a suite in a process. What ends it before its last case, or leaves it with no case, is one failure more.
 *
 * @param {string} name
 * @param {string} node
 * @param {readonly string[]} command
 * @param {Record<string, string>} [env]
 * @returns {Promise<Tally>}
 */
function runSuite(name, node, command, env = {}) {
  const tally = emptyTally()
  const child = spawn(node, command, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: SUITE_TIMEOUT_MS,
  })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const result = JSON.parse(line)
    if (result.reason !== undefined) {
      tally.skipped.push({ name: `runtimes: ${result.name}`, reason: result.reason })
      return
    }
    if (result.failure === undefined) tally.passed += 1
    else tally.failed += 1
    console.log(`${result.failure === undefined ? 'ok    ' : 'FAILED'} ${name}: ${result.name}`)
    if (result.failure !== undefined) console.log(result.failure)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code !== 0 || tally.passed + tally.failed + tally.skipped.length === 0) {
        tally.failed += 1
        console.log(`FAILED ${name}: the suite ended with exit code ${code}\n${errors}`)
      }
      resolve(tally)
    })
  })
}

/** @param {NodeJS.ProcessEnv} environment */
function withoutSettings(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('INTERHUMAN_')))
}
