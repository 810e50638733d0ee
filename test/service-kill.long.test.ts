import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCredentialsFile } from './support/credentials.ts'
import { formatRequest, sendRaw } from './support/raw-http.ts'
import {
  cleanEnvironment,
  type RunningService,
  SERVICE_COMMAND,
  startService,
} from './support/start-service.ts'

// The service is killed 20 times while commands create and revoke keys, and many of the commands are killed as well.
// What was acknowledged (it exited with 0, or its output was there) must stand; what was not must be whole or not there.

const KILLS = 20
const KILLED_OF_TEN = 4

interface Key {
  readonly keyId: string
  readonly keySecret: string
  revocation: 'none' | 'tried' | 'acknowledged'
}
interface Filed {
  readonly file: string
  readonly acknowledged: boolean
}

const created: Key[] = []
const filed: Filed[] = []
let folder: string
let service: RunningService
let keys: {
  key_id: string
  state: string
  generation: number
  name: string
  creations: number
  revocations: number
}[]
let integrity: unknown
let longestCommandMs = 300

const dataDir = () => join(folder, 'data')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-kill-'))
  service = await startService({ dataDir: dataDir() })
  const state = { over: false }
  const working = work(state)
  for (let kill = 0; kill < KILLS; kill += 1) {
    await pause(randomInt(200))
    await service.kill()
    service = await startService({ dataDir: dataDir() })
    for (const key of created.slice(-2)) await expectExchange(key)
  }
  state.over = true
  await working
  readDatabase()
}, 180_000)
afterAll(async () => {
  expect(await service.stop()).toBe(0)
  rmSync(folder, { recursive: true })
})

async function work(state: { readonly over: boolean }): Promise<void> {
  while (!state.over) {
    const which = randomInt(4)
    if (which === 0) await createFiled()
    else if (which === 1) await revoke()
    else await create()
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Runs a command, and ends some of them by SIGKILL at a random moment of their life. */
async function run(...args: string[]): Promise<{ acknowledged: boolean; stdout: string }> {
  const startedAt = performance.now()
  const child = spawn(
    process.execPath,
    [SERVICE_COMMAND, 'keys', ...args, '--json', '--data-dir', dataDir()],
    {
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 60_000,
    },
  )
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  const timer =
    randomInt(10) < KILLED_OF_TEN
      ? setTimeout(() => child.kill('SIGKILL'), randomInt(longestCommandMs))
      : undefined
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  if (timer === undefined) {
    longestCommandMs = Math.max(longestCommandMs, Math.ceil(performance.now() - startedAt))
    expect(code).toBe(0)
  }
  return { acknowledged: code === 0 || stdout.endsWith('}\n'), stdout }
}

async function create(): Promise<void> {
  const { acknowledged, stdout } = await run('create', '--name', 'shown', '--scope', UPLOAD_SCOPE)
  if (!acknowledged) return
  const { key_id, key_secret } = JSON.parse(stdout)
  created.push({ keyId: key_id, keySecret: key_secret, revocation: 'none' })
}

async function createFiled(): Promise<void> {
  const file = join(folder, `${filed.length}-${randomInt(1e9)}.env`)
  const { acknowledged } = await run(
    'create',
    '--name',
    'filed',
    '--scope',
    UPLOAD_SCOPE,
    '--credentials-file',
    file,
  )
  filed.push({ file, acknowledged })
}

async function revoke(): Promise<void> {
  const key = created.find(({ revocation }) => revocation === 'none')
  if (key === undefined) return
  key.revocation = 'tried'
  if ((await run('revoke', key.keyId)).acknowledged) key.revocation = 'acknowledged'
}

async function statusOf({
  keyId,
  keySecret,
}: {
  keyId: string
  keySecret: string
}): Promise<number | undefined> {
  const body = JSON.stringify({ key_id: keyId, key_secret: keySecret, scopes: [UPLOAD_SCOPE] })
  return (await sendRaw(service.url, formatRequest('/v0/auth', body), { count: 1 })).responses[0]?.status
}

async function expectExchange(key: Key): Promise<void> {
  const before = key.revocation
  const status = await statusOf(key)
  if (before === 'acknowledged') expect(status).toBe(401)
  if (key.revocation === 'none') expect(status).toBe(200)
}

function readDatabase(): void {
  const db = new Database(join(dataDir(), 'interhuman-auth.db'), { readonly: true })
  integrity = db.pragma('integrity_check', { simple: true })
  const count = (action: string) =>
    `(select count(*) from audit where subject = key_id and action = '${action}')`
  keys = db
    .prepare(
      `select key_id, state, generation, name, ${count('key.create')} as creations, ${count('key.revoke')} as revocations from api_keys`,
    )
    .all() as typeof keys
  db.close()
}

test('enough happened for the test to mean something', () => {
  expect(created.length).toBeGreaterThan(5)
  expect(created.some(({ revocation }) => revocation === 'acknowledged')).toBe(true)
  expect(filed.length).toBeGreaterThan(0)
})

test('every key whose creation was acknowledged exchanges, and every acknowledged revocation holds', async () => {
  for (const key of created) await expectExchange(key)
  expect(await statusOf(service)).toBe(200)
})

test('the database is whole, and no key is without the row that tells of its creation', () => {
  expect(integrity).toBe('ok')
  for (const key of keys) expect(key.creations).toBe(1)
})

test('a key is revoked, with its row and its generation, or not at all', () => {
  for (const { state, generation, revocations } of keys)
    expect([state, generation, revocations]).toEqual(
      state === 'revoked' ? ['revoked', 2, 1] : ['active', 1, 0],
    )
})

test('no key that was to be filed is without its file; a file of a command that was killed may be without its key', async () => {
  const inFiles = new Set<string>()
  for (const { file, acknowledged } of filed) {
    if (acknowledged) expect(existsSync(file)).toBe(true)
    if (!existsSync(file)) continue
    const key = readCredentialsFile(file)
    const kept = keys.some(({ key_id }) => key_id === key.keyId)
    if (acknowledged) expect(kept).toBe(true)
    if (kept) expect(await statusOf(key)).toBe(200)
    inFiles.add(key.keyId)
  }
  for (const { key_id, name } of keys) if (name === 'filed') expect(inFiles.has(key_id)).toBe(true)
})

test('there is one first key still', () => {
  expect(keys.filter(({ name }) => name === 'first key').map(({ key_id }) => key_id)).toEqual([service.keyId])
})
