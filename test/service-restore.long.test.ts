import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RunningService, runService, startService } from './support/start-service.ts'

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
