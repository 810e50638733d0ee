import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ADMIN_PATHS,
  CLIENT_TOKENS_PATH,
  INTROSPECTION_PATH,
  OAUTH_REVOCATION_PATH,
  TOKEN_ENDPOINTS,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseLogs, type RunningService, runService, startService } from './support/start-service.ts'

let folder: string
let dataDir: string
let backup: string
let service: RunningService | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-restore-'))
  dataDir = join(folder, 'data')
  backup = join(folder, 'backup.db')
})
afterEach(async () => {
  await service?.stop()
  service = undefined
  rmSync(folder, { recursive: true })
})

async function run(...words: readonly string[]) {
  const { code, stdout, stderr } = await runService([...words, '--json', '--data-dir', dataDir])
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

const exchange = (key: { keyId: string; keySecret: string }) =>
  fetch(`${service?.url}/v0/auth`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id: key.keyId, key_secret: key.keySecret, scopes: ['interhumanai.upload'] }),
  }).then(({ status }) => status)

interface Change {
  readonly kind: string
  readonly id: string
  readonly told: string
}

const createVerifier = (name: string) => run('verifiers', 'create', '--name', name)
const createAdminToken = (name: string) => run('admin-tokens', 'create', '--name', name)

const idOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti

async function issue(path: string = TOKEN_ENDPOINTS.v1): Promise<string> {
  const response = await fetch(`${service?.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      key_id: service?.keyId,
      key_secret: service?.keySecret,
      scopes: [UPLOAD_SCOPE],
      expires_in: 3600,
    }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}

async function revokeToken(token: string): Promise<void> {
  const client = { client_id: service?.keyId ?? '', client_secret: service?.keySecret ?? '' }
  const body = new URLSearchParams({ token, ...client })
  expect((await fetch(service?.url + OAUTH_REVOCATION_PATH, { method: 'POST', body })).status).toBe(200)
}

async function introspect(verifier: string, token: string) {
  const response = await fetch(service?.url + INTROSPECTION_PATH, {
    method: 'POST',
    headers: { Authorization: `Bearer ${verifier}` },
    body: new URLSearchParams({ token }),
  })
  return { status: response.status, ...((await response.json()) as { active?: boolean }) }
}

async function askAdmin({ admin_token: token }: { admin_token: string }): Promise<number> {
  const admin = parseLogs(service?.logs() ?? '').find(({ event }) => event === 'listening')?.admin
  const response = await fetch(String(admin) + ADMIN_PATHS.verifiers, {
    headers: { Authorization: `Bearer ${token}` },
  })
  await response.body?.cancel()
  return response.status
}

test('what was ended since a backup of the running service is ended in the restored one, which a running service refuses', async () => {
  service = await startService({ dataDir })
  const scopes = ['interhumanai.upload']
  const [revoked, rotated] = [await service.createKey({ scopes }), await service.createKey({ scopes })]
  const verifier = (await run('verifiers', 'create', '--name', 'v')).verifier_id
  await run('backup', backup)
  const created = await service.createKey({ scopes })
  await run('keys', 'revoke', revoked.keyId)
  await run('keys', 'rotate', rotated.keyId, '--overlap-seconds', '0')
  await run('verifiers', 'revoke', verifier)
  const { signing_keys: keys } = await run('signing-keys', 'list')
  const lost = keys.find((key: { state: string }) => key.state === 'active').kid
  await run('signing-keys', 'revoke', lost)
  await expect(run('restore', backup)).rejects.toThrow(/a service runs on this database/)
  const first = { keyId: service.keyId, keySecret: service.keySecret }
  await service.stop()

  const restored = await run('restore', backup)
  expect(restored.changes.map((change: { id: string; told: string }) => [change.id, change.told])).toEqual(
    expect.arrayContaining([
      [revoked.keyId, 'revoked since; revoked again'],
      [rotated.keyId, expect.stringMatching(/^rotated since.*disabled/)],
      [created.keyId, 'created since; it is gone'],
      [verifier, 'revoked since; revoked again'],
      [lost, 'lost since; lost again'],
    ]),
  )
  expect(restored.next).toContain(`signing-keys rotate --now --data-dir ${dataDir}`)
  expect(readdirSync(dataDir).filter((name) => name.startsWith('restore-'))).toEqual([])
  expect(statSync(restored.kept_as).mode & 0o777).toBe(0o600)
  expect((await run('audit', 'verify')).ok ?? true).toBe(true)

  service = await startService({ dataDir })
  expect(await exchange(first)).toBe(200)
  for (const key of [revoked, rotated, created]) expect(await exchange(key)).toBe(401)
  const set = (await (await fetch(`${service.url}/.well-known/jwks.json`)).json()) as {
    keys: { kid: string }[]
  }
  expect(set.keys.map(({ kid }) => kid)).not.toContain(lost)
})

test('tokens, admin tokens and verifiers that were ended since are told and dead in the restored service, those from before live', async () => {
  service = await startService({ dataDir, args: ['--admin-port', '0'] })
  const [verifier, lost, kept] = [
    await createVerifier('v'),
    await createVerifier('w'),
    await createVerifier('x'),
  ]
  const [revoked, living] = [await createAdminToken('a'), await createAdminToken('b')]
  const [dead, clientToken, alive] = [await issue(), await issue(CLIENT_TOKENS_PATH), await issue()]
  await run('backup', backup)
  for (const token of [dead, clientToken]) await revokeToken(token)
  await run('admin-tokens', 'revoke', revoked.admin_token_id)
  const late = await createAdminToken('late')
  await run('verifiers', 'rotate', verifier.verifier_id, '--overlap-seconds', '0')
  await run('verifiers', 'revoke', lost.verifier_id)
  const rotated = await run('verifiers', 'rotate', kept.verifier_id)
  const lateVerifier = await createVerifier('late')
  await service.stop()

  const { changes } = await run('restore', backup)
  expect(changes.map(({ kind, id, told }: Change) => [kind, id, told])).toEqual(
    expect.arrayContaining([
      ['token', idOf(dead), 'revoked since; revoked again'],
      ['token', idOf(clientToken), 'revoked since; revoked again'],
      ['admin token', revoked.admin_token_id, 'revoked since; revoked again'],
      ['admin token', late.admin_token_id, 'created since; it is gone'],
      ['verifier', verifier.verifier_id, expect.stringMatching(/^rotated since; revoked, since a secret/)],
      ['verifier', lost.verifier_id, 'revoked since; revoked again'],
      ['verifier', kept.verifier_id, 'rotated since; its newest secret is gone'],
      ['verifier', lateVerifier.verifier_id, 'created since; it is gone'],
    ]),
  )
  expect(changes).toHaveLength(8)
  service = await startService({ dataDir, args: ['--admin-port', '0'] })
  const secret = kept.verifier_secret
  expect(await introspect(secret, alive)).toMatchObject({ status: 200, active: true })
  for (const token of [dead, clientToken])
    expect(await introspect(secret, token)).toMatchObject({ status: 200, active: false })
  const ended = [verifier.verifier_secret, lost.verifier_secret, lateVerifier.verifier_secret]
  for (const each of [...ended, rotated.verifier_secret])
    expect((await introspect(each, alive)).status).toBe(401)
  expect(await askAdmin(living)).toBe(200)
  for (const token of [revoked, late]) expect(await askAdmin(token)).toBe(401)
  expect((await run('audit', 'verify')).whole).toBe(true)
})

test('a damaged database is kept beside the backup that replaces it, and a damaged backup replaces nothing', async () => {
  await run('keys', 'create', '--name', 'a', '--scope', 'interhumanai.upload')
  await run('backup', backup)
  const file = join(dataDir, 'interhuman-auth.db')
  const before = readFileSync(file)
  const broken = join(folder, 'broken.db')
  writeFileSync(broken, readFileSync(backup).subarray(0, 20_000))
  await expect(run('restore', broken)).rejects.toThrow(/is damaged or not a database/)
  expect(readFileSync(file).equals(before)).toBe(true)
  writeFileSync(file, randomBytes(8192))
  const restored = await run('restore', backup)
  expect(restored).toMatchObject({ keys: 1, changes: null })
  expect(statSync(restored.kept_as).size).toBe(8192)
  expect((await run('keys', 'list')).keys).toHaveLength(1)
})
