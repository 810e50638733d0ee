import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startPostgres } from '../test/support/start-postgres.ts'
import { SERVICE, startServer } from './processes.mjs'
import { formatTable } from './report.mjs'
import { seed } from './seed.mjs'

const KEYS = { long: 1_000_000, short: 20_000 }
/** An import is killed once it has told of this share of its rows. */
const KILLED_AT = 0.4
const STEP_MS = 20 * 60_000
const PEAK_EVERY_MS = 50

/** @typedef {{ name: string, rows: number, seconds: number, peakMegabytes: number, told: any }} Step */

/**
 * A store of a million keys from SQLite into PostgreSQL and back, by the commands, one import killed on its way. Some
 * minutes.
 *
 * @param {(step: string) => void} say
 * @param {boolean} short
 * @returns {Promise<string>} The report.
 */
export async function measureTransfer(say, short) {
  const root = mkdtempSync(join(tmpdir(), 'interhuman-auth-bench-'))
  const postgres = await startPostgres()
  try {
    return await measureAll(root, postgres.url(), short ? KEYS.short : KEYS.long, say)
  } finally {
    await postgres.remove()
    rmSync(root, { recursive: true, force: true })
  }
}

/** @param {string} root @param {string} url @param {number} count @param {(step: string) => void} say */
async function measureAll(root, url, count, say) {
  const at = (/** @type {string} */ name) => join(root, name)
  writeFileSync(at('passphrase'), 'LEAK a long passphrase', { mode: 0o600 })
  const stores = {
    first: { INTERHUMAN_AUTH_DATA_DIR: at('first') },
    postgres: { INTERHUMAN_AUTH_DATA_DIR: at('postgres'), INTERHUMAN_AUTH_DATABASE_URL: url },
    last: { INTERHUMAN_AUTH_DATA_DIR: at('last') },
  }
  say(`seeding ${count} keys`)
  const service = await startServer('service', [SERVICE, 'start', '--port', '0', '--first-key'], stores.first)
  await service.stop()
  seed(join(at('first'), 'interhuman-auth.db'), count)
  /** @type {Step[]} */
  const steps = []
  const passphrase = ['--passphrase-file', at('passphrase')]
  const take = async (
    /** @type {string} */ name,
    /** @type {string[]} */ words,
    /** @type {NodeJS.ProcessEnv} */ env,
  ) => {
    say(name)
    const step = await runStep(name, [...words, ...passphrase, '--json'], env)
    steps.push(step)
    return step
  }
  await take('export from SQLite', ['export', at('a')], stores.first)
  say('import into PostgreSQL, killed on its way')
  const killedAt = await killImport(['import', at('a'), ...passphrase], stores.postgres, count)
  await take('import into PostgreSQL, which goes on', ['import', at('a')], stores.postgres)
  await take('export from PostgreSQL', ['export', at('b')], stores.postgres)
  await take('import into SQLite', ['import', at('b')], stores.last)
  await take('export of that', ['export', at('c')], stores.last)
  const sums = await Promise.all(['a', 'b', 'c'].map((name) => sumKeys(at(name))))
  return formatReport({ steps, killedAt, sums, count, megabytes: statSync(at('a')).size / 1e6 })
}

/** @param {string[]} words @param {NodeJS.ProcessEnv} env */
function start(words, env) {
  const child = spawn(process.execPath, [SERVICE, ...words], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: STEP_MS,
  })
  let output = ''
  let messages = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    messages += text
  })
  const closed = new Promise((resolve) => child.once('close', resolve))
  return { child, closed, output: () => output, messages: () => messages }
}

/** @param {string} name @param {string[]} words @param {NodeJS.ProcessEnv} env @returns {Promise<Step>} */
async function runStep(name, words, env) {
  const startedAt = performance.now()
  const { child, closed, output, messages } = start(words, env)
  let peakMegabytes = 0
  const timer = setInterval(() => {
    peakMegabytes = Math.max(peakMegabytes, readPeak(child.pid ?? 0))
  }, PEAK_EVERY_MS)
  const code = await closed
  clearInterval(timer)
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${messages()}`)
  const told = JSON.parse(output())
  return { name, rows: told.keys, seconds: (performance.now() - startedAt) / 1000, peakMegabytes, told }
}

/** The most memory that a process has had, in MB; 0 when it is gone. @param {number} pid */
function readPeak(pid) {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

/** @param {string[]} words @param {NodeJS.ProcessEnv} env @param {number} count @returns {Promise<number>} The rows that it had told of. */
async function killImport(words, env, count) {
  const { child, closed, messages } = start(words, env)
  const told = () => Number(/imported: (\d+) of \d+\n(?!.*\n)/.exec(messages())?.[1] ?? 0)
  while (child.exitCode === null && told() < count * KILLED_AT)
    await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGKILL')
  await closed
  if (told() === 0) throw new Error(`the import ended before it was killed: ${messages()}`)
  return told()
}

/** The sum of the hashes of all keys in an export: the same for the same rows in any order. @param {string} file */
async function sumKeys(file) {
  let keys = 0
  let sum = 0n
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (!line.startsWith('["api_keys"')) continue
    keys += 1
    sum = BigInt.asUintN(256, sum + BigInt(`0x${createHash('sha256').update(line).digest('hex')}`))
  }
  return { keys, sum: sum.toString(16) }
}

/** @param {{ steps: Step[], killedAt: number, sums: { keys: number, sum: string }[], count: number, megabytes: number }} results */
function formatReport({ steps, killedAt, sums, count, megabytes }) {
  const number = (/** @type {number} */ value) => Math.round(value).toLocaleString('en')
  const isSame = sums.every(({ keys, sum }) => keys === sums[0]?.keys && sum === sums[0]?.sum)
  return `# Benchmarks: moving a store

Written by \`node bench/run.mjs transfer\`: ${number(count)} keys and the first one, from SQLite into PostgreSQL and back, by
\`export\` and \`import\` as an operator runs them. Node ${process.versions.node}, ${availableParallelism()} cores, PostgreSQL on the same machine. The file has
${number(megabytes)} MB.

The import into PostgreSQL was killed (SIGKILL) when it had told of ${number(killedAt)} rows; the same command went on, and its row
holds the rest alone (a little less: what is told is told once a second). Each import counts every table at its end and compares with what the export says. Beside that, each
export's keys were counted here and their rows hashed, in any order: ${sums.map(({ keys }) => number(keys)).join(', ')} keys, and the rows are ${
    isSame ? 'the same in all three' : '**not the same**'
  }.

${formatTable(
  ['', 'keys', 'seconds', 'keys a second', 'peak RSS MB'],
  steps.map(({ name, rows, seconds, peakMegabytes }, index) => {
    const moved = index === 1 ? rows - killedAt : rows
    return [name, number(moved), seconds.toFixed(1), number(moved / seconds), peakMegabytes.toFixed(0)]
  }),
)}
`
}
