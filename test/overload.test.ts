import { ERRORS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectError, expectToken } from './support/contract-body.ts'
import { formatRequest, type RawResponse, sendRaw } from './support/raw-http.ts'
import { type RunningService, startService, waitUntil } from './support/start-service.ts'

// More than one process can do in the time that it is given, all at once.

const CONNECTIONS = 100
const REQUESTS = 20
const PATH = '/v0/auth'

let service: RunningService
beforeAll(async () => {
  service = await startService({ env: { INTERHUMAN_AUTH_MAX_LOOP_DELAY_MS: '10' } })
})
afterAll(async () => {
  expect(await service.stop()).toBe(0)
})

const health = async (path: string) =>
  (await sendRaw(service.url, formatRequest(path, '', { method: 'GET' }), { count: 1 })).responses[0]

test('an event loop that stood still is told by /health/ready for a while, and /health/live goes on', async () => {
  expect((await health('/health/ready'))?.status).toBe(200)
  process.kill(service.pid, 'SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 1500))
  process.kill(service.pid, 'SIGCONT')
  const response = await health('/health/ready')
  expectError(response, ERRORS.unavailable, '/health/ready')
  expect(Number(response?.headers['retry-after'])).toBeGreaterThan(0)
  expect((await health('/health/live'))?.status).toBe(200)
})

test('under more than it can do the service answers what it takes rightly and the rest with 503 and a time to come again, and comes back', async () => {
  const body = JSON.stringify({
    key_id: service.keyId,
    key_secret: service.keySecret,
    scopes: [UPLOAD_SCOPE],
  })
  const request = formatRequest(PATH, body)
  const batch = Buffer.concat(Array(REQUESTS).fill(request))
  const loads = Array.from({ length: CONNECTIONS }, () => sendRaw(service.url, batch, { count: REQUESTS }))
  expect((await health('/health/live'))?.status).toBe(200)
  const responses = (await Promise.all(loads)).flatMap(
    (exchange): readonly RawResponse[] => exchange.responses,
  )
  expect(responses).toHaveLength(CONNECTIONS * REQUESTS)
  const refused = responses.filter(({ status }) => status !== 200)
  for (const response of refused) {
    expectError(response, ERRORS.unavailable, PATH)
    expect(response.headers['retry-after']).toBe('1')
  }
  for (const response of responses.filter(({ status }) => status === 200)) expectToken(response, UPLOAD_SCOPE)
  expect(refused.length).toBeGreaterThan(0)
  expect(refused.length).toBeLessThan(responses.length)
  await waitUntil(
    async () => (await sendRaw(service.url, request, { count: 1 })).responses[0]?.status === 200,
    () => 'the service did not come back',
  )
  await service.waitForLogs((logs) => logs.includes('"event":"requests_left_out","error_id":"ih1003"'))
  expect(service.logs()).not.toContain('"event":"failure"')
})
