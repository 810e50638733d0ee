import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SCOPES, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCredentialsFile } from './support/credentials.ts'
import { formatRequest, sendRaw } from './support/raw-http.ts'
import {
  cleanEnvironment,
  type RunningService,
  runService,
  SERVICE_COMMAND,
  startService,
  waitUntil,
} from './support/start-service.ts'

// The keys commands, beside the running service: what they change holds on its very next request.

let service: RunningService
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-keys-'))
  service = await startService()
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  expect(await service.stop()).toBe(0)
})

async function statusOf(keyId: string, keySecret: string, scopes: readonly string[] = [UPLOAD_SCOPE]) {
  const body = JSON.stringify({ key_id: keyId, key_secret: keySecret, scopes })
  return (await sendRaw(service.url, formatRequest('/v0/auth', body), { count: 1 })).responses[0]?.status
}

async function json(...args: string[]) {
  const { code, stdout } = await service.keys(...args, '--json')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^\{[^\n]*\}\n$/)
  return JSON.parse(stdout)
}

const create = (...args: string[]) =>
  json('create', '--name', 'video worker', '--scope', UPLOAD_SCOPE, ...args)

test('a created key is good at once, for its own scopes; its secret is shown once, and its form is the contract’s', async () => {
  const key = await create()
  expect(Object.keys(key)).toEqual([
    'key_id',
    'key_secret',
    'name',
    'scopes',
    'state',
    'generation',
    'direct',
    'created_at',
    'last_used_at',
    'expires_at',
    'previous_secret_expires_at',
  ])
  expect(key).toMatchObject({
    name: 'video worker',
    scopes: [UPLOAD_SCOPE],
    state: 'active',
    generation: 1,
    direct: false,
  })
  expect(key.key_id).toMatch(/^ihk_[0-9A-Za-z]{20}$/)
  expect(key.key_secret).toMatch(/^ih_live_[0-9A-Za-z]{49}$/)
  expect(await statusOf(key.key_id, key.key_secret)).toBe(200)
  expect(await statusOf(key.key_id, key.key_secret, SCOPES)).toBe(403)
  const shown = await json('show', key.key_id)
  expect(shown).not.toHaveProperty('key_secret')
  expect(shown.history).toMatchObject([{ action: 'key.create', actor: expect.stringMatching(/^command:/) }])
})

test('disable, enable and revoke hold on the very next request, and revoked is for ever', async () => {
  const { key_id, key_secret } = await create()
  expect(await json('disable', key_id)).toMatchObject({ state: 'disabled', generation: 2 })
  expect(await statusOf(key_id, key_secret)).toBe(401)
  expect(await json('enable', key_id)).toMatchObject({ state: 'active', generation: 2 })
  expect(await statusOf(key_id, key_secret)).toBe(200)
  expect(await json('revoke', key_id)).toMatchObject({ state: 'revoked', generation: 3 })
  expect(await statusOf(key_id, key_secret)).toBe(401)
  for (const change of ['enable', 'disable', 'rotate']) {
    const { code, stdout, stderr } = await service.keys(change, key_id)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toBe('interhuman-auth-service: the key is revoked, and revoked is for ever\n')
  }
  expect(await json('revoke', key_id)).toMatchObject({ generation: 3 })
  const { history } = await json('show', key_id)
  expect(history.map(({ action }: { action: string }) => action)).toEqual([
    'key.create',
    'key.disable',
    'key.enable',
    'key.revoke',
  ])
})

test('a rotation keeps both secrets for the overlap, refuses a third, and without overlap ends the old ones at once', async () => {
  const first = await create()
  const second = await json('rotate', first.key_id)
  expect(second.generation).toBe(1)
  for (const secret of [first.key_secret, second.key_secret])
    expect(await statusOf(first.key_id, secret)).toBe(200)
  const refused = await service.keys('rotate', first.key_id)
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toMatch(/two secrets of the key are alive/)
  const last = await json('rotate', first.key_id, '--overlap-seconds', '0')
  expect(last.generation).toBe(2)
  for (const secret of [first.key_secret, second.key_secret])
    expect(await statusOf(first.key_id, secret)).toBe(401)
  expect(await statusOf(first.key_id, last.key_secret)).toBe(200)
})

test('a change holds on the very next request: fewer scopes, an expiry of now, and an overlap that is ended early', async () => {
  const key = await create('--scope', STREAM_SCOPE)
  const { key_id, key_secret } = key
  expect(await statusOf(key_id, key_secret, SCOPES)).toBe(200)
  const cut = await json('change', key_id, '--scope', UPLOAD_SCOPE, '--name', 'narrowed', '--direct', 'on')
  expect(cut).toMatchObject({ name: 'narrowed', scopes: [UPLOAD_SCOPE], generation: 2, direct: true })
  expect(await statusOf(key_id, key_secret, SCOPES)).toBe(403)
  const second = await json('rotate', key_id)
  // Whether the old secret counts as in use already depends on when the counts were written.
  expect(await json('end-overlap', key_id, '--force')).toMatchObject({
    generation: 3,
    previous_secret_expires_at: null,
  })
  expect(await statusOf(key_id, key_secret)).toBe(401)
  expect(await json('change', key_id, '--expires-in-seconds', '0')).toMatchObject({ state: 'expired' })
  expect(await statusOf(key_id, second.key_secret)).toBe(401)
  expect(await json('change', key_id, '--expires-in-seconds', 'never')).toMatchObject({ state: 'active' })
  expect(await statusOf(key_id, second.key_secret)).toBe(200)
  const nothing = await service.keys('change', key_id)
  expect([nothing.code, nothing.stdout]).toEqual([2, ''])
})

test('the overlap ends by itself, and so does a key with an expiry', async () => {
  const key = await create('--expires-in-seconds', '3')
  const rotated = await json('rotate', key.key_id, '--overlap-seconds', '1')
  const refused = (secret: string) => async () => (await statusOf(key.key_id, secret)) === 401
  await waitUntil(refused(key.key_secret), () => 'the old secret lives on')
  await waitUntil(refused(rotated.key_secret), () => 'the key lives on')
  expect(await json('show', key.key_id)).toMatchObject({ state: 'expired', previous_secret_expires_at: null })
})

test('a credentials file holds the secret that is then shown nowhere, and is never written over', async () => {
  const file = join(folder, 'worker.env')
  const key = await create('--credentials-file', file, '--api-url', 'https://a.test')
  expect(key).not.toHaveProperty('key_secret')
  expect(key.credentials_file).toBe(file)
  const credentials = readCredentialsFile(file)
  expect(credentials).toMatchObject({ keyId: key.key_id, apiUrl: 'https://a.test' })
  expect(await statusOf(credentials.keyId, credentials.keySecret)).toBe(200)
  const before = readFileSync(file, 'utf8')
  const keysBefore = (await json('list')).keys.length
  for (const args of [
    ['create', '--name', 'n', '--scope', UPLOAD_SCOPE],
    ['rotate', key.key_id],
  ]) {
    const { code, stdout, stderr } = await service.keys(...args, '--credentials-file', file)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^interhuman-auth-service: \S+worker\.env exists already; name a new file\n$/)
  }
  expect(readFileSync(file, 'utf8')).toBe(before)
  expect((await json('list')).keys).toHaveLength(keysBefore)
  expect(await statusOf(credentials.keyId, credentials.keySecret)).toBe(200)
})

test('a rotation that is refused leaves no credentials file', async () => {
  const { key_id } = await create()
  await json('revoke', key_id)
  const file = join(folder, 'refused.env')
  expect((await service.keys('rotate', key_id, '--credentials-file', file)).code).toBe(1)
  expect((await service.keys('rotate', 'ihk_00000000000000000000', '--credentials-file', file)).code).toBe(1)
  expect(existsSync(file)).toBe(false)
})

test('a list comes in pages, and says how to go on', async () => {
  const all = (await json('list')).keys.map(({ key_id }: { key_id: string }) => key_id)
  const first = await json('list', '--limit', '2')
  expect(first.keys).toHaveLength(2)
  const second = await json('list', '--limit', '1000', '--after', first.next)
  expect([...first.keys, ...second.keys].map(({ key_id }) => key_id)).toEqual(all)
  const { stdout, stderr } = await service.keys('list', '--limit', '1')
  expect(stdout.split('\n')).toHaveLength(3)
  expect(stderr).toMatch(/there are more keys; add --after ihk_/)
})

test('a command on a folder without a database says so and makes none', async () => {
  for (const args of [['list'], ['revoke', 'ihk_a']]) {
    const { code, stderr } = await runService(['keys', ...args, '--data-dir', join(folder, 'none')])
    expect(code).toBe(1)
    expect(stderr).toMatch(/there is no database in \S+none; name the service's folder with --data-dir\n$/)
  }
  expect(existsSync(join(folder, 'none'))).toBe(false)
})

test('a secret that nobody could read is said to be lost, by the id of its key', async () => {
  const full = openSync('/dev/full', 'w')
  const args = ['keys', 'create', '--name', 'lost', '--scope', UPLOAD_SCOPE, '--data-dir', service.dataDir]
  const child = spawn(process.execPath, [SERVICE_COMMAND, ...args], {
    env: cleanEnvironment(),
    stdio: ['ignore', full, 'pipe'],
  })
  closeSync(full)
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  expect((await once(child, 'close'))[0]).toBe(1)
  expect(stderr).toMatch(/^interhuman-auth-service: ihk_\w{20} is made, but .*; revoke it or rotate it\n$/)
})

test('a key whose clients would never send it to the address beside it gets no credentials file', async () => {
  const file = join(folder, 'unreachable.env')
  const result = await service.keys(
    'create',
    '--name',
    'x',
    '--scope',
    UPLOAD_SCOPE,
    '--host',
    '192.0.2.1',
    '--credentials-file',
    file,
  )
  expect(result).toMatchObject({ code: 1, stdout: '' })
  expect(result.stderr).toMatch(/name it with --api-url\n$/)
  expect(existsSync(file)).toBe(false)
})
