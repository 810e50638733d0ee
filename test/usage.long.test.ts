import {
  CLIENT_TOKEN_REVOCATION_PATH,
  INTROSPECTION_PATH,
  OAUTH_REVOCATION_PATH,
  TOKEN_ENDPOINTS,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RunningService, runService, startService } from './support/start-service.ts'

let service: RunningService
beforeEach(async () => {
  service = await startService()
})
afterEach(() => service.stop())

async function exchange(
  key_id: string,
  key_secret: string,
  scopes = [UPLOAD_SCOPE as string],
): Promise<number> {
  const response = await fetch(service.url + TOKEN_ENDPOINTS.v0, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'User-Agent': 'a test' },
    body: JSON.stringify({ key_id, key_secret, scopes }),
  })
  await response.body?.cancel()
  return response.status
}

async function runJson(...args: readonly string[]): Promise<Record<string, string>> {
  const { code, stdout } = await runService([...args, '--json', '--data-dir', service.dataDir])
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

/** @returns what a verifier is told of it. */
async function introspect(token: string, verifier: string): Promise<string> {
  const response = await fetch(service.url + INTROSPECTION_PATH, {
    method: 'POST',
    headers: { Authorization: `Bearer ${verifier}`, 'User-Agent': 'a guard' },
    body: new URLSearchParams({ token }),
  })
  return response.text()
}

function readHours(): unknown[] {
  const db = new Database(`${service.dataDir}/interhuman-auth.db`, { readonly: true })
  const rows = db.prepare('select key_id, outcome, sum(count) as count from usage_hours group by 1, 2').all()
  db.close()
  return rows
}

test('every token and every refusal is counted, by key and by the id of the error, and a stranger’s id is not kept', async () => {
  const { keyId, keySecret } = await service.createKey({ scopes: [UPLOAD_SCOPE] })
  for (let count = 0; count < 5; count += 1) expect(await exchange(keyId, keySecret)).toBe(200)
  for (let count = 0; count < 3; count += 1) expect(await exchange(keyId, 'LEAK')).toBe(401)
  for (let count = 0; count < 2; count += 1) expect(await exchange(`ihk_${'x'.repeat(20)}`, 'LEAK')).toBe(401)
  expect(await exchange(keyId, keySecret, ['interhumanai.stream'])).toBe(403)
  for (let tries = 0; readHours().length < 4 && tries < 200; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 100))
  expect(readHours()).toEqual([
    { key_id: '', outcome: 'ih2001', count: 2 },
    { key_id: keyId, outcome: 'ih2001', count: 3 },
    { key_id: keyId, outcome: 'ih2003', count: 1 },
    { key_id: keyId, outcome: 'issued', count: 5 },
  ])
  const rotated = await service.keys('rotate', keyId, '--json')
  expect(rotated.code).toBe(0)
  const refused = await service.keys('end-overlap', keyId)
  expect({ code: refused.code, stderr: refused.stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('--force'),
  })
  const shown = await service.keys('show', keyId)
  expect(shown.stdout).toMatch(/secret 1 {2}last used \S+\n {2}\S+ {2}127\.0\.0\.1 {2}a test {2}6 uses\n/)
  expect(shown.stdout).toMatch(/secret 2 {2}last used never\n/)
  expect((await service.keys('end-overlap', keyId, '--force')).code).toBe(0)
  expect(await exchange(keyId, keySecret)).toBe(401)
})

test('a key in direct use, and one that ends its tokens, are used, and an overlap does not end under them', async () => {
  const verifier = await runJson('verifiers', 'create', '--name', 'guard')
  const key = await runJson('keys', 'create', '--name', 'n', '--scope', UPLOAD_SCOPE, '--direct', 'on')
  const other = await service.createKey({ scopes: [UPLOAD_SCOPE] })
  const { key_id: keyId = '', key_secret: secret = '' } = key
  const { verifier_secret: asking = '' } = verifier
  for (let count = 0; count < 2; count += 1) expect(await introspect(secret, asking)).toContain(keyId)
  for (const unused of [other.keySecret, 'LEAK'])
    expect(await introspect(unused, asking)).toBe('{"active":false}')
  const headers = { 'Content-Type': 'application/json', 'User-Agent': 'a backend' }
  const body = JSON.stringify({ api_key: secret, token_id: 'LEAK' })
  const ended = await fetch(service.url + CLIENT_TOKEN_REVOCATION_PATH, { method: 'POST', headers, body })
  const form = new URLSearchParams({ client_id: keyId, client_secret: secret, token: 'LEAK' })
  const alike = await fetch(service.url + OAUTH_REVOCATION_PATH, { method: 'POST', body: form })
  expect([ended.status, alike.status]).toEqual([200, 200])
  for (let tries = 0; readHours().length < 2 && tries < 200; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 100))
  expect(readHours()).toEqual([
    { key_id: keyId, outcome: 'introspected', count: 2 },
    { key_id: keyId, outcome: 'revoked', count: 2 },
  ])
  expect((await service.keys('rotate', keyId, '--json')).code).toBe(0)
  expect((await service.keys('end-overlap', keyId)).stderr).toContain('--force')
  const { stdout } = await service.keys('show', keyId)
  expect(stdout).toMatch(
    new RegExp(`127\\.0\\.0\\.1 {2}a guard {2}2 uses, asked about by ${verifier.verifier_id}\\n`),
  )
  expect(stdout).toMatch(/127\.0\.0\.1 {2}a backend {2}1 uses\n/)
  expect(stdout).toMatch(/last_used_at +20/)
})
