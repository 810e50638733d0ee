import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { type ClientTokenGrant, requestClientToken, respondWithClientToken } from '../../src/backend/index.ts'
import { fromBackend } from '../../src/index.ts'
import { createTestApi } from '../../src/testing/index.ts'

const APP = 'https://app.example.com'
const scopes = [UPLOAD_SCOPE]

/** A page, its backend and the API, all in this program. */
function start(grant: ClientTokenGrant = { scopes, expiresInSeconds: 120 }) {
  const api = createTestApi()
  const key = api.addKey()
  const source = fromBackend(`${APP}/api/token`, {
    async fetch(url, init) {
      const request = new Request(url, { ...init, headers: { ...init.headers, Origin: APP } })
      return respondWithClientToken(request, { ...key, fetch: api.fetch, grant: () => grant })
    },
  })
  const upload = async (token: string, origin: string = APP) => {
    const headers = { Authorization: `Bearer ${token}`, Origin: origin }
    const response = await api.fetch('https://x.example/v1/upload/analyze', { method: 'POST', headers })
    return [response.status, ((await response.json()) as { error_id?: string }).error_id]
  }
  return { api, key, source, upload }
}

test('a page gets a client token from its backend, good from that page until its end', async () => {
  const { api, source, upload } = start()
  const token = await source.getToken()
  expect([token.expiresInSeconds, token.scopes]).toEqual([120, scopes])
  expect(await upload(token.value)).toEqual([200, undefined])
  expect(await upload(token.value, 'https://evil.example')).toEqual([401, 'ih2011'])
  api.clock.advance(119)
  expect(await upload(token.value)).toEqual([200, undefined])
  api.clock.advance(1)
  expect(await upload(token.value)).toEqual([401, 'ih2010'])
})

test('a client token is revoked by itself or by its id, and with its key', async () => {
  const { api, key, source, upload } = start()
  const credential = { key_id: key.keyId, key_secret: key.keySecret }
  const revoke = (body: object) =>
    api.fetch('https://x.example/v1/client_tokens/revoke', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  const [first, second, third] = [await source.getToken(), await source.getToken(), await source.getToken()]
  const { token_id } = JSON.parse(second.raw) as { token_id: string }
  const other = api.addKey()
  const stranger = { key_id: other.keyId, key_secret: other.keySecret }
  for (const named of [{ token: first.value }, { token_id }]) {
    expect((await revoke({ ...stranger, ...named })).status).toBe(200)
    expect(await upload(first.value)).toEqual([200, undefined])
  }
  await revoke({ ...credential, token: first.value })
  await revoke({ api_key: key.keySecret, token_id })
  expect(await upload(first.value)).toEqual([401, 'ih2014'])
  expect(await upload(second.value)).toEqual([401, 'ih2014'])
  expect(await upload(third.value)).toEqual([200, undefined])
  api.revokeKey(key.keyId)
  expect(await upload(third.value)).toEqual([401, 'ih2014'])
})

test('what the backend’s key may not do is the backend’s fault, and a failure on demand reaches the page', async () => {
  const { api, source } = start()
  api.failNext(503)
  await expect(source.getToken()).rejects.toMatchObject({ status: 503, errorId: 'ih1003' })
  const key = api.addKey([])
  const response = await requestClientToken({ ...key, fetch: api.fetch })
  expect([response.status, ((await response.json()) as { error_id: string }).error_id]).toEqual([
    403,
    'ih2003',
  ])
})
