import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from './support/create-test-database.ts'
import { killWithChildren } from './support/kill-with-children.ts'
import { formatRequest, sendRaw } from './support/raw-http.ts'
import { cleanEnvironment, parseLogs, runService, SERVICE_COMMAND } from './support/start-service.ts'

// SIGSTOP is to its supervisor what an event loop is that turns no more: the worker lives, and is silent.

const SCOPE = 'interhumanai.upload'
const WAIT_MS = 60_000
const dataDir = mkdtempSync(join(tmpdir(), 'interhuman-auth-hung-'))

let database: TestDatabase
let child: ChildProcess
let ended: Promise<number | null>
let logs = ''
let request: Buffer

const lines = (event: string) => parseLogs(logs).filter((line) => line.event === event)
const url = () => String(lines('listening')[0]?.url)

async function told(event: string, count = 1): Promise<Record<string, unknown>> {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; ) {
    const line = lines(event)[count - 1]
    if (line !== undefined) return line
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${event} was not logged ${count} times:\n${logs}`)
}

beforeAll(async () => {
  database = await createTestDatabase()
  const env = { INTERHUMAN_AUTH_DATABASE_URL: database.url, INTERHUMAN_AUTH_DATA_DIR: dataDir }
  const args = ['start', '--workers', '2', '--port', '0', '--shutdown-timeout-ms', '1000']
  child = spawn(process.execPath, [SERVICE_COMMAND, ...args], {
    env: cleanEnvironment(env),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  ended = new Promise((resolve) => child.once('close', resolve))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    logs += text
  })
  await told('listening')
  const created = await runService(['keys', 'create', '--json', '--name', 'test', '--scope', SCOPE], env)
  request = formatRequest('/v0/auth', JSON.stringify({ ...JSON.parse(created.stdout), scopes: [SCOPE] }))
})
afterAll(async () => {
  if (child.exitCode === null) killWithChildren(child.pid ?? 0)
  await database.remove()
  rmSync(dataDir, { recursive: true, force: true })
})

async function exchange(): Promise<number | undefined> {
  return (await sendRaw(url(), request, { count: 1 })).responses[0]?.status
}

test('a worker whose event loop hangs is found, killed and replaced, and meanwhile the other one answers', async () => {
  const stuck = Number((await told('worker_started')).pid)
  process.kill(stuck, 'SIGSTOP')
  // One connection may be handed to it before the supervisor sees that it takes none.
  const answers = await Promise.all([exchange(), exchange(), exchange(), exchange()])
  expect(answers.filter((status) => status === 200).length).toBeGreaterThanOrEqual(3)
  const hung = await told('worker_hung')
  expect(hung).toMatchObject({ pid: stuck, silent_ms: expect.any(Number) })
  expect(await told('worker_ended')).toMatchObject({ pid: stuck, signal: 'SIGKILL' })
  await told('worker_started', 3)
  expect(() => process.kill(stuck, 0)).toThrow()
  for (let count = 0; count < 8; count++) expect(await exchange()).toBe(200)
  expect(lines('worker_hung')).toHaveLength(1)
})

test('one that hangs while all are to stop is killed, nothing is left, and the exit code says that one was cut off', async () => {
  const pids = lines('worker_started')
    .slice(1)
    .map(({ pid }) => Number(pid))
  process.kill(pids[0] ?? 0, 'SIGSTOP')
  child.kill('SIGTERM')
  expect(await ended).toBe(1)
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow()
})
