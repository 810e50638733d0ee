import { STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { fromApiKey, requestToken, reuse } from '../../src/index.ts'
import { createTestApi } from '../../src/testing/index.ts'

const scopes = [UPLOAD_SCOPE]
const UPLOAD = 'https://api.interhuman.ai/v0/upload/analyze'

function start() {
  const api = createTestApi()
  const source = reuse(fromApiKey({ ...api.addKey(), scopes, fetch: api.fetch, now: api.clock.now }), {
    clock: api.clock,
    random: () => 0,
  })
  const upload = async (token: string) =>
    (await api.fetch(UPLOAD, { method: 'POST', headers: { Authorization: `Bearer ${token}` } })).status
  return { api, source, upload }
}

test('the fifteenth minute comes in a millisecond', async () => {
  const { api, source, upload } = start()
  const first = await source.getToken()
  expect(await upload(first.value)).toBe(200)
  api.clock.advance(899)
  expect(await upload(first.value)).toBe(200)
  api.clock.advance(1)
  expect(await upload(first.value)).toBe(401)
  const second = await source.getToken()
  expect(await upload(second.value)).toBe(200)
  expect(api.requests.filter(({ path }) => path === '/v0/auth')).toHaveLength(2)
})

test('a sleep and a clock that is set are told apart', () => {
  const { clock } = createTestApi()
  const [now, monotonic] = [clock.now(), clock.monotonicNow()]
  clock.sleep(60)
  expect([clock.now() - now, clock.monotonicNow() - monotonic]).toEqual([60_000, 0])
  clock.setWall(now - 1000)
  expect(clock.now() - now).toBe(-1000)
})

test('failures come in the order asked, each as the platform or the contract has it', async () => {
  const { api } = start()
  const key = api.addKey()
  const ask = (signal?: AbortSignal) =>
    requestToken({ ...key, scopes, fetch: api.fetch, timeoutMs: 50, signal }).then(
      async (response) => [
        response.status,
        response.headers.get('Retry-After'),
        await response.text().catch(() => 'cut'),
      ],
      (error: { code: string }) => error.code,
    )
  api.failNext(
    503,
    { status: 429, retryAfter: 3 },
    'network',
    'hang',
    'cut',
    new Response('x', { status: 418 }),
  )
  expect(await ask()).toMatchObject([503, null, expect.stringContaining('ih1003')])
  expect(await ask()).toMatchObject([429, '3', expect.stringContaining('ih3001')])
  expect(await ask()).toBe('network')
  expect(await ask()).toBe('timeout')
  expect(await ask()).toEqual([200, null, 'cut'])
  expect(await ask()).toEqual([418, null, 'x'])
  expect(await ask()).toMatchObject([200, null, expect.stringContaining('access_token')])
})

test('held requests wait, and one flight is one request', async () => {
  const { api, source } = start()
  const release = api.hold()
  const tokens = Array.from({ length: 50 }, () => source.getToken())
  await new Promise((resolve) => setTimeout(resolve, 5))
  release()
  expect(new Set((await Promise.all(tokens)).map(({ value }) => value)).size).toBe(1)
  expect(api.requests).toHaveLength(1)
})

test('a token is good for its own scope, until it, or its key, is ended', async () => {
  const { api, source, upload } = start()
  const first = await source.getToken()
  const stream = 'https://api.interhuman.ai/v0/stream/analyze'
  const refused = await api.fetch(stream, { headers: { Authorization: `Bearer ${first.value}` } })
  expect([refused.status, refused.headers.get('WWW-Authenticate')]).toEqual([
    403,
    `Bearer error="insufficient_scope", scope="${STREAM_SCOPE}"`,
  ])
  api.endToken(first.value)
  expect(await upload(first.value)).toBe(401)
  source.drop(first)
  const second = await source.getToken()
  expect(await upload(second.value)).toBe(200)
  api.revokeKey('ihk_test1')
  expect(await upload(second.value)).toBe(401)
})
