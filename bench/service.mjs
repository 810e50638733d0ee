import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareIssuing, measureMemory, ROWS } from './issuing.mjs'
import { SERVICE, startServer } from './processes.mjs'
import { formatIssuing, formatTargets, formatTimes, memoryTargets } from './report.mjs'
import { seed } from './seed.mjs'
import { compareCommands, compareReadiness } from './times.mjs'

const KEYS = { small: 1000, large: 1_000_000 }
const MEMORY_REQUESTS = 100_000

/**
 * What the service promises about speed and memory. About ten minutes.
 *
 * @param {(step: string) => void} say
 * @returns {Promise<string>} The report.
 */
export async function measureService(say) {
  const root = mkdtempSync(join(tmpdir(), 'interhuman-auth-bench-'))
  try {
    return await measureAll(root, say)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** @param {string} root @param {number} keys */
async function seededFolder(root, keys) {
  const folder = join(root, String(keys))
  const service = await startServer('service', [
    SERVICE,
    'start',
    '--first-key',
    '--port',
    '0',
    '--data-dir',
    folder,
  ])
  await service.stop()
  seed(join(folder, 'interhuman-auth.db'), keys)
  return folder
}

/** @param {string} root @param {(step: string) => void} say */
async function measureAll(root, say) {
  say('seeding the stores')
  const [small, large] = [await seededFolder(root, KEYS.small), await seededFolder(root, KEYS.large)]
  const folders = { small, large, all: `${large}-all` }
  cpSync(large, folders.all, { recursive: true })
  chmodSync(folders.all, 0o700)
  say('starting')
  const ready = await compareReadiness([
    { name: 'service ready, 1,000 keys', folder: folders.small },
    { name: 'service ready, 1,000,000 keys', folder: folders.large },
  ])
  say('the command')
  const commands = await measureCommands(root, folders.small)
  say(`memory after ${MEMORY_REQUESTS} requests`)
  const memory = await measureMemory(folders.large, KEYS.large, MEMORY_REQUESTS)
  say('issuing with ES256')
  const es256 = await compareIssuing('ES256', folders, KEYS)
  say('issuing with HS256')
  const hs256 = await compareIssuing('HS256', folders, KEYS)
  return formatReport({ ready, commands, memory, es256, hs256 })
}

/** @param {string} root @param {string} folder */
async function measureCommands(root, folder) {
  const service = await startServer('service', [SERVICE, 'start', '--port', '0', '--data-dir', folder])
  try {
    const file = join(root, 'bench.env')
    const key = readCredentials(join(folder, 'first-key.env'))
    const lines = [`INTERHUMAN_KEY_ID=${key.keyId}`, `INTERHUMAN_KEY_SECRET=${key.keySecret}`]
    writeFileSync(file, `${lines.join('\n')}\nINTERHUMAN_API_URL=${service.url}\n`, { mode: 0o600 })
    return await compareCommands(service.url, file, key)
  } finally {
    await service.stop()
  }
}

/** @param {string} file */
function readCredentials(file) {
  const values = new Map(
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => /** @type {[string, string]} */ (line.split('=', 2))),
  )
  return {
    keyId: values.get('INTERHUMAN_KEY_ID') ?? '',
    keySecret: values.get('INTERHUMAN_KEY_SECRET') ?? '',
  }
}

/**
 * @typedef {object} Results
 * @property {import('./times.mjs').Time[]} ready
 * @property {import('./times.mjs').Time[]} commands
 * @property {import('./issuing.mjs').Memory[]} memory
 * @property {import('./issuing.mjs').Row[]} es256
 * @property {import('./issuing.mjs').Row[]} hs256
 */

/** @param {Results} results @returns {import('./report.mjs').Target[]} */
function targets({ ready, commands, memory, es256, hs256 }) {
  const ratio = (/** @type {readonly { ratio: number }[]} */ rows, /** @type {number} */ index) =>
    rows[index]?.ratio ?? Number.NaN
  const cost = (/** @type {readonly import('./issuing.mjs').Row[]} */ rows, /** @type {string} */ name) =>
    rows.find((row) => row.name === name)?.ratio ?? Number.NaN
  const withMany = (
    /** @type {string} */ promise,
    /** @type {readonly import('./issuing.mjs').Row[]} */ rows,
    /** @type {string} */ name,
  ) => ({ promise, measured: cost(rows, name) / cost(rows, ROWS.small), bound: 1.1, unit: ' × 1,000 keys' })
  return [
    { promise: 'CPU a token, ES256', measured: cost(es256, ROWS.small), bound: 1.3, unit: ' × floor' },
    { promise: 'CPU a token, HS256', measured: cost(hs256, ROWS.small), bound: 1.7, unit: ' × floor' },
    withMany('CPU with 1,000,000 keys, 1,000 of them in use, ES256', es256, ROWS.large),
    withMany('CPU with 1,000,000 keys, 1,000 of them in use, HS256', hs256, ROWS.large),
    withMany('CPU with 1,000,000 keys, all in use, ES256', es256, ROWS.all),
    withMany('CPU with 1,000,000 keys, all in use, HS256', hs256, ROWS.all),
    { promise: 'ready, 1,000 keys', measured: ratio(ready, 1), bound: 12, unit: ' × `node -e 0`' },
    { promise: 'ready, 1,000,000 keys', measured: ratio(ready, 2), bound: 12, unit: ' × `node -e 0`' },
    ...memoryTargets(memory, 'SQLite'),
    {
      promise: '`interhuman-auth token`, wall time',
      measured: ratio(commands, 1),
      bound: 1.25,
      unit: ' × bare script',
    },
  ]
}

/** @param {Results} results */
function formatReport(results) {
  return `# Benchmarks

Written by \`npm run bench\`, or alone by \`node bench/run.mjs service\`; the client's and the command's are [a page of their
own](benchmarks-client.md). Every comparison is made side by side in one run: the candidates take turns, round by round, and
what is compared is the median over the rounds of the ratio within a round. Absolute figures hold for the machine of that
run only: Node ${process.versions.node}, ${availableParallelism()} cores, load generator on the same machine.

The floor is bare \`node:http\` that parses the body, hashes once with SHA-256, signs the same token and answers. CPU is that of
the whole process, all threads; what a candidate does between its rounds, as the service does that writes its counts every 5 s,
is charged to the round before, less what it does at rest anyway. The load keeps 16 connections busy, each request with the key
of a random index. The service runs as the systemd unit starts it. A million keys in the store are told apart from a million that are
used at once: there nearly every token is the first of its key since counts were written last, so that what is counted of it is
three rows of the store for that token alone, and its key is in no cache, neither ours nor SQLite's.

## Promises

${formatTargets(targets(results))}

## A token with ES256

The floor signs as Node documents it. The third row signs as the service does, with the key object itself and the DER form
converted, which is cheaper; against that row the service's ratio is its own divided by that row's. What each layer costs is
the difference between its row and the one above it, from the row that signs as the service does; the last step to the service is
all that is not a library: checks, correlation ids, counts, the log line's fields, time-outs.

${formatIssuing(results.es256)}

## A token with HS256

${formatIssuing(results.hs256)}

## Ready

From the start of the process to the first 200 of \`/health/ready\`.

${formatTimes(results.ready)}

## The command

${formatTimes(results.commands)}
`
}
