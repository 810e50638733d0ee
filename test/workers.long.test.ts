import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ERRORS } from '@interhuman-auth/protocol'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectError } from './support/contract-body.ts'
import { createTestDatabase, type TestDatabase } from './support/create-test-database.ts'
import { formatRequest, type RawResponse, sendRaw } from './support/raw-http.ts'
import { startNode } from './support/start-node.ts'
import {
  cleanEnvironment,
  parseLogs,
  runService,
  SERVICE_COMMAND,
  waitUntil,
} from './support/start-service.ts'

const SCOPE = 'interhumanai.upload'
/** More than the tests before the one of the quota draw. */
const QUOTA = 40
/** As often as a node shares what was drawn of quotas, so that few tokens are given out before it has. */
const PAUSE_MS = 1000
const dataDir = mkdtempSync(join(tmpdir(), 'interhuman-auth-workers-'))

let database: TestDatabase
let env: Record<string, string>
let child: ChildProcess
let logs = ''
let key: { key_id: string; key_secret: string }

const lines = (event: string) => parseLogs(logs).filter((line) => line.event === event)
const told = (what: () => unknown) =>
  waitUntil(
    () => what() !== undefined,
    () => `it was not logged:\n${logs}`,
  )
const url = () => String(lines('listening')[0]?.url)

beforeAll(async () => {
  database = await createTestDatabase()
  env = { INTERHUMAN_AUTH_DATABASE_URL: database.url, INTERHUMAN_AUTH_DATA_DIR: dataDir }
  const args = ['start', '--workers', '2', '--port', '0', '--metrics-port', '0']
  child = spawn(process.execPath, [SERVICE_COMMAND, ...args], {
    env: cleanEnvironment({ ...env, INTERHUMAN_AUTH_KEY_TOKENS_PER_DAY: String(QUOTA) }),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    logs += text
  })
  await told(() => lines('listening')[0] ?? (child.exitCode === null ? undefined : 'ended'))
  const created = await runService(['keys', 'create', '--json', '--name', 'test', '--scope', SCOPE], env)
  key = JSON.parse(created.stdout)
})
afterAll(async () => {
  child.kill('SIGKILL')
  await database.remove()
  rmSync(dataDir, { recursive: true, force: true })
})

/** Over a connection of its own, so that the workers take turns. */
async function ask(to: string): Promise<RawResponse | undefined> {
  const request = formatRequest('/v0/auth', JSON.stringify({ ...key, scopes: [SCOPE] }))
  return (await sendRaw(to, request, { count: 1 })).responses[0]
}
const exchange = async () => (await ask(url()))?.status

/** What the store says was drawn of the quota. */
async function handedIn(): Promise<number> {
  const client = new Client({ connectionString: database.url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    const { rows } = await client.query('select coalesce(sum(used), 0)::int as used from quotas')
    return rows[0].used
  } finally {
    await client.end()
  }
}

async function workersThatAnswered(): Promise<Set<unknown>> {
  const before = lines('request').length
  for (let count = 0; count < 8; count++) expect(await exchange()).toBe(200)
  await told(() => (lines('request').length >= before + 8 ? true : undefined))
  return new Set(
    lines('request')
      .slice(before)
      .map(({ worker }) => worker),
  )
}

test('two workers serve one port, and one line says that they listen', async () => {
  expect((await workersThatAnswered()).size).toBe(2)
  expect(lines('listening')).toEqual([
    expect.objectContaining({ workers: 2, issuer: 'http://127.0.0.1:4747' }),
  ])
})

test('their metrics are one', async () => {
  const text = await (await fetch(`${lines('listening')[0]?.metrics}/metrics`)).text()
  expect(text).toContain('interhuman_auth_tokens_issued_total{endpoint="/v0/auth"} 8\n')
  expect(text).toContain('interhuman_auth_workers 2\n')
  expect(text).toMatch(/^interhuman_auth_store_up 1$/m)
})

test('a worker that is killed is replaced, and meanwhile the other one answers', async () => {
  const [worker] = lines('worker_started')
  process.kill(Number(worker?.pid), 'SIGKILL')
  await told(() => lines('worker_ended')[0])
  expect(lines('worker_ended')).toEqual([expect.objectContaining({ pid: worker?.pid, signal: 'SIGKILL' })])
  expect(await exchange()).toBe(200)
  await told(() => lines('worker_started')[2])
  expect((await workersThatAnswered()).size).toBe(2)
})

test('attack 26: each of them keeps to the quota of a key, also the one that replaced another', async () => {
  const issued = () => lines('request').filter(({ status }) => status === 200).length
  const refusedInTurn = async () => {
    for (let count = 0; count < 8; count++) if ((await exchange()) !== 429) return false
    return true
  }
  await waitUntil(refusedInTurn, () => `the quota was never used up:\n${logs}`)
  await told(() => (lines('request').filter(({ status }) => status === 429).length >= 8 ? true : undefined))
  // Each of the three, the killed one among them, gives out the quota at most before it hears of the others.
  expect(issued()).toBeGreaterThanOrEqual(QUOTA)
  expect(issued()).toBeLessThanOrEqual(3 * QUOTA)
})

test('attack 26: what they gave out counts on a node that has only just started', async () => {
  await waitUntil(
    async () => (await handedIn()) >= QUOTA,
    () => `it was never handed in:\n${logs}`,
  )
  const node = await startNode({ ...env, INTERHUMAN_AUTH_KEY_TOKENS_PER_DAY: String(QUOTA) })
  try {
    let issued = 0
    let last = await ask(node.url)
    for (; last?.status === 200 && issued < QUOTA / 4; last = await ask(node.url)) {
      issued += 1
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    expectError(last, ERRORS.quotaUsedUp, '/v0/auth')
    expect(issued).toBeGreaterThan(0)
  } finally {
    await node.kill()
  }
})

test('SIGTERM to the whole group stops them all once their requests are answered, with 0', async () => {
  const pids = lines('worker_started')
    .slice(1)
    .map(({ pid }) => Number(pid))
  const ended = new Promise((resolve) => child.once('close', resolve))
  for (const pid of pids) process.kill(pid, 'SIGTERM')
  const answers = [1, 2, 3, 4].map(() => exchange())
  // Their quota is used up, and they are answered all the same.
  expect(await Promise.all(answers)).toEqual([429, 429, 429, 429])
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow()
  expect(lines('stopping').length + lines('stopped').length).toBe(2)
  for (const line of parseLogs(logs)) expect(line).not.toHaveProperty('text')
})

test('without PostgreSQL they are refused in one line', async () => {
  const result = await runService(['start', '--workers', '2', '--port', '0', '--data-dir', dataDir])
  expect(result.code).toBe(1)
  expect(result.stderr.trim().split('\n')).toEqual([
    expect.stringMatching(/INTERHUMAN_AUTH_WORKERS above 1 needs PostgreSQL/),
  ])
})

test('where they cannot start, one line says why, and the exit code is not 0', async () => {
  const args = ['start', '--workers', '3', '--port', '0', '--issuer', 'https://other.test']
  const result = await runService(args, env)
  expect(result.code).toBe(1)
  expect(result.stderr).toMatch(/^interhuman-auth-service: the issuer of this store is settled as .*\n$/)
})
