import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { POST } from '../../docs/recipes/nextjs/route.ts'
import { type Analyzers, startAnalyzers } from '../support/start-analyzers.ts'
import { type RunningService, startService } from '../support/start-service.ts'

const ORIGIN = 'https://app.example'
let service: RunningService
let analyzers: Analyzers

beforeAll(async () => {
  service = await startService()
  analyzers = await startAnalyzers(service.url)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await analyzers.close()
  await service.stop()
})
beforeEach(() => {
  vi.stubEnv('INTERHUMAN_KEY_ID', service.keyId)
  vi.stubEnv('INTERHUMAN_KEY_SECRET', service.keySecret)
  vi.stubEnv('INTERHUMAN_API_URL', service.url)
  vi.stubEnv('PUBLIC_ORIGIN', ORIGIN)
  vi.stubEnv('SESSION_KEY', 'session-LEAK')
})

const cookie = (visitor: string, key = 'session-LEAK') =>
  `a=b; session=${visitor}.${createHmac('sha256', key).update(visitor).digest('hex')}`

function ask(headers: Record<string, string>, scopes?: string[]): Promise<Response> {
  // The address that a proxy asks at is not the one that visitors see.
  return POST(
    new Request('http://10.0.0.1:3000/api/interhuman-token', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: ORIGIN, ...headers },
      body: JSON.stringify({ scopes }),
    }),
  )
}

test("nextjs/route.ts gives a signed-in visitor a token that opens a stream from the app's own pages only", async () => {
  const response = await ask({ Cookie: cookie('ann') })
  expect(response.status).toBe(200)
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  const { access_token: token, ...rest } = (await response.json()) as Record<string, unknown>
  expect(rest).toMatchObject({ expires_in: 120, scope: 'interhumanai.stream', max_concurrent: 1 })
  expect(rest).toMatchObject({ max_duration_seconds: 1800, allowed_origins: [ORIGIN] })
  const stream = (origin: string) =>
    new WebSocket(
      `${analyzers.url.replace('http', 'ws')}/v0/stream/analyze`,
      ['access_token', String(token)],
      { origin },
    )
  const own = stream(ORIGIN)
  await once(own, 'open')
  own.close()
  const [error] = await once(stream('https://evil.example'), 'error')
  expect(String(error)).toContain('401')
})

test.each([
  ['who is not signed in', 401, {}],
  ['whose cookie is of another key', 401, { Cookie: cookie('ann', 'other') }],
  ['on the page of another site', 403, { Cookie: cookie('ann'), Origin: 'https://evil.example' }],
])('nextjs/route.ts gives nothing to a visitor %s', async (_who, status, headers) => {
  const response = await ask(headers)
  expect(response.status).toBe(status)
  expect(await response.text()).not.toMatch(/access_token|LEAK|ih_live_/)
})

test('nextjs/route.ts gives no scope but that of streams, and no eleventh token in a minute', async () => {
  expect((await ask({ Cookie: cookie('bob') }, ['interhumanai.upload'])).status).toBe(403)
  const statuses: number[] = []
  for (let turn = 0; turn < 11; turn++) statuses.push((await ask({ Cookie: cookie('eve') })).status)
  // A minute may end between two of them.
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(10)
  expect(new Set(statuses.slice(0, -1))).toEqual(new Set([200]))
  expect([200, 429]).toContain(statuses.at(-1))
})

test('nextjs/route.ts is closed where it is not set up', async () => {
  vi.stubEnv('SESSION_KEY', '')
  expect((await ask({ Cookie: cookie('ann', '') })).status).toBe(401)
  vi.stubEnv('PUBLIC_ORIGIN', '')
  await expect(ask({ Cookie: cookie('ann') })).rejects.toThrow(TypeError)
})
