import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningService, startService } from './support/start-service.ts'

let service: RunningService

beforeAll(async () => {
  service = await startService()
})
afterAll(async () => {
  expect(await service.stop()).toBe(0)
})

function exchange(keyId: string, keySecret: string, path = '/v0/auth') {
  return fetch(service.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id: keyId, key_secret: keySecret, scopes: ['interhumanai.upload'] }),
  })
}

test.each(['/v0/auth', '/v1/auth'])(
  '%s exchanges a key for a token, fields in the order of the contract',
  async (path) => {
    const response = await exchange(service.keyId, service.keySecret, path)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(await response.text()).toMatch(
      /^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+","token_type":"Bearer","expires_in":900,"scope":"interhumanai\.upload"\}$/,
    )
  },
)

test('an exchange writes no audit row, granted or refused, while making a key writes one', async () => {
  const database = new Database(join(service.dataDir, 'interhuman-auth.db'), { readonly: true })
  try {
    const rows = () => database.prepare('select count(*) from audit').pluck().get() as number
    const before = rows()
    for (const path of ['/v0/auth', '/v1/auth'])
      expect((await exchange(service.keyId, service.keySecret, path)).status).toBe(200)
    expect((await exchange(service.keyId, 'ih_live_LEAK')).status).toBe(401)
    expect(rows()).toBe(before)
    await service.createKey({ scopes: ['interhumanai.upload'] })
    expect(rows()).toBe(before + 1)
  } finally {
    database.close()
  }
})

test('a key that is revoked while the service runs is refused on its next request', async () => {
  const { keyId, keySecret } = await service.createKey({ scopes: ['interhumanai.upload'] })
  expect((await exchange(keyId, keySecret)).status).toBe(200)
  expect((await service.keys('revoke', keyId)).code).toBe(0)
  expect((await exchange(keyId, keySecret)).status).toBe(401)
})
