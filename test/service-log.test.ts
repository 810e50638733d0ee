import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UUID } from './support/contract-body.ts'
import { formatRequest, openSocket, sendRaw } from './support/raw-http.ts'
import { parseLogs, type RunningService, startService } from './support/start-service.ts'

// One line a request, and nothing that a client sends can forge or move one.

let service: RunningService
let goodBody: string

beforeAll(async () => {
  service = await startService({ args: ['--request-timeout-ms', '500'] })
  goodBody = JSON.stringify({ key_id: service.keyId, key_secret: service.keySecret, scopes: [UPLOAD_SCOPE] })
})
afterAll(() => service.stop())

const requests = () => parseLogs(service.logs()).filter(({ event }) => event === 'request')

/** Sends, and gives the lines that the answers' correlation ids name. */
async function logged(bytes: string | Buffer, options: Parameters<typeof sendRaw>[2] = { count: 1 }) {
  const { responses } = await sendRaw(service.url, bytes, options)
  const ids = responses.map(({ headers }) => headers['x-correlation-id'])
  await service.waitForLogs((logs) => ids.every((id) => id !== undefined && logs.includes(id)))
  return { responses, lines: requests().filter(({ correlation_id }) => ids.includes(String(correlation_id))) }
}

test('a request has one line: method, route, status, correlation id, client request id, key id, ms', async () => {
  const bytes = formatRequest('/v0/auth', goodBody, { headers: ['X-Client-Request-Id: mine-1'] })
  const { responses, lines } = await logged(bytes)
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      event: 'request',
      method: 'POST',
      route: '/v0/auth',
      status: 200,
      correlation_id: responses[0]?.headers['x-correlation-id'],
      client_request_id: 'mine-1',
      key_id: service.keyId,
      ms: expect.any(Number),
    },
  ])
  expect(Number(lines[0]?.ms)).toBeGreaterThan(0)
})

const H = 'POST /v0/auth HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/json\r\n'
test.each([
  ['refused by the exchange', () => formatRequest('/v0/auth', '{}'), 400, '/v0/auth'],
  [
    'with a wrong secret',
    () => formatRequest('/v1/auth', goodBody.replace('ih_live_', 'LEAK')),
    401,
    '/v1/auth',
  ],
  ['with a body that is too large', () => formatRequest('/v0/auth', 'x'.repeat(99_999)), 413, '/v0/auth'],
  ['with a path that nobody knows', () => formatRequest('/LEAK', goodBody), 404, null],
  ['with a path that cannot be decoded', () => formatRequest('/v0/auth%', goodBody), 400, null],
  ['with another method', () => formatRequest('/v0/auth', goodBody, { method: 'PUT' }), 405, null],
  ['with CONNECT', () => 'CONNECT /v0/auth HTTP/1.1\r\nHost: a.test\r\n\r\n', 405, null],
  ['whose headers are too large', () => `${H}X: ${'LEAK'.repeat(9000)}\r\n\r\n`, 431, null],
  ['that is not HTTP', () => 'LEAK\r\n\r\n', 400, null],
  ['whose body does not come', () => `${H}Content-Length: 9\r\n\r\n{`, 408, '/v0/auth'],
  ['whose chunks are none', () => `${H}Transfer-Encoding: chunked\r\n\r\nLEAK\r\n`, 400, '/v0/auth'],
])('a request %s has one line with the status and the id of its answer', async (_, bytes, status, route) => {
  const before = requests().length
  const { responses, lines } = await logged(bytes())
  expect(responses).toHaveLength(1)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ status, route, error_id: expect.stringMatching(/^i[ah]\d{4}$/) })
  expect(requests()).toHaveLength(before + 1)
  expect(service.logs()).not.toContain('LEAK')
})

test('a client that goes away before its answer leaves one line with status 0', async () => {
  const before = requests().length
  const bytes = formatRequest('/v0/auth', goodBody)
  const socket = openSocket(service.url).on('error', () => {})
  await new Promise((resolve) => socket.write(bytes.subarray(0, bytes.length - 1), resolve))
  await new Promise((resolve) => setTimeout(resolve, 100))
  socket.resetAndDestroy()
  await service.waitForLogs(() => requests().length > before)
  expect(requests().slice(before)).toMatchObject([{ status: 0, route: '/v0/auth', method: 'POST' }])
})

const HOSTILE = [
  '\r\n{"event":"forged"}',
  '\n{"event":"forged"}',
  '\u001b[2J\u001b[31mred',
  '\u009b31m',
  '\u2028{"event":"forged"}',
  '\u202egnp.exe',
  '\u0000',
  '\u0007',
  '\u007f',
  '","event":"forged","x":"',
]

test('whatever stands in the client’s id, agent, key id, scope or path, a line stays a line', async () => {
  for (const hostile of HOSTILE) {
    const body = JSON.stringify({
      key_id: hostile,
      key_secret: hostile,
      scopes: [UPLOAD_SCOPE],
      [hostile]: hostile,
    })
    await logged(formatRequest('/v0/auth', body))
    await logged(formatRequest('/v0/auth', body.replace(UPLOAD_SCOPE, `x${'\\n'}`)))
    const header = Buffer.from(hostile.replace(/[\r\n\0]/g, '\t')).toString('latin1')
    const headers = [`X-Client-Request-Id: ${header}`, `User-Agent: ${header}`, `Referer: ${header}`]
    await sendRaw(service.url, formatRequest('/v0/auth', goodBody, { headers }), { count: 1 })
    for (const raw of [hostile, encodeURIComponent(hostile)])
      await sendRaw(service.url, formatRequest(`/v0/auth${raw}?x=${raw}`, goodBody), { count: 1 })
  }
  await logged(formatRequest('/v0/auth', goodBody))
  const logs = service.logs()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  expect(logs).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
  for (const line of parseLogs(logs)) expect(line.event).toMatch(/^(?:request|listening|first_key)$/)
})

test('what a client sends as its own id is logged only where it is short and printable', async () => {
  for (const id of ['a b', 'a'.repeat(129), 'é']) {
    const { lines } = await logged(
      formatRequest('/v0/auth', goodBody, { headers: [`X-Client-Request-Id: ${id}`] }),
    )
    expect(lines[0]).not.toHaveProperty('client_request_id')
  }
})

test('every line names a correlation id of its own', () => {
  const ids = requests().map(({ correlation_id }) => String(correlation_id))
  for (const id of ids) expect(id).toMatch(UUID)
  expect(new Set(ids).size).toBe(ids.length)
})

test('attack 58: a flood of refusals writes a line for a part of them, and how many it left out', async () => {
  const flood = 3000
  const request = formatRequest('/v0/auth', '{}', { method: 'DELETE' })
  const lines = () => parseLogs(service.logs())
  const before = requests().length
  const { responses } = await sendRaw(service.url, Buffer.concat(Array(flood).fill(request)), {
    count: flood,
  })
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([405]))
  const written = () => requests().length - before
  const leftOut = () =>
    lines().reduce((sum, { event, count }) => sum + (event === 'requests_left_out' ? Number(count) : 0), 0)
  await service.waitForLogs(() => written() + leftOut() >= flood)
  expect(written() + leftOut()).toBe(flood)
  expect(leftOut()).toBeGreaterThan(0)
})
