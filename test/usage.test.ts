import { TOKEN_ENDPOINTS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RunningService, startService } from './support/start-service.ts'

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
