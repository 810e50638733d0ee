import { randomUUID } from 'node:crypto'
import { ERRORS } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { expectError } from '../../test/support/contract-body.ts'
import { formatRequest, openSocket, readExchange, sendRaw } from '../../test/support/raw-http.ts'
import { createClientAddress } from '../src/client-address.ts'
import { createHttpServer } from '../src/http-server.ts'
import { createAdmission } from '../src/limits/admission.ts'
import { createLog } from '../src/log.ts'
import type { Route } from '../src/routes/route.ts'
import { StoreUnavailableError } from '../src/store/store-error.ts'

// What no client can bring about from outside: a handler that fails, a store that is away, an answer that takes its time.

const lines: Record<string, unknown>[] = []
const log = createLog({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })

const route = (path: string, answer: () => string | Promise<string>): Route => ({
  method: 'POST',
  path,
  handler: async () => ({ headers: {}, body: await answer() }),
})
const routes = [
  route('/v0/fails', () => {
    throw new Error('the disk said LEAK')
  }),
  route('/v0/rejects', () => Promise.reject('LEAK')),
  route('/v0/away', async () => {
    throw new StoreUnavailableError('SQLite does not answer', { cause: new Error('LEAK') })
  }),
  route('/v0/slow', async () => {
    await new Promise((resolve) => setTimeout(resolve, 100))
    return 'slow'
  }),
  route('/v0/quick', () => 'quick'),
]
const limits = {
  maxBodyBytes: 16_384,
  maxHeaderBytes: 16_384,
  requestTimeoutMs: 2000,
  keepAliveTimeoutMs: 2000,
  maxConnections: 100,
  refusalLinesPerSecond: 100,
}
const app = createHttpServer(routes, limits, {
  log,
  errorPage: 'http://127.0.0.1:4747/errors',
  newCorrelationId: randomUUID,
  clientAddress: createClientAddress([]),
  admission: createAdmission(
    {
      trustedProxies: [],
      addressRequestsPerMinute: 0,
      addressRequestsAtOnce: 0,
      addressConnections: 0,
      failuresPerMinute: 0,
      maxInFlight: 100,
      maxLoopDelayMs: 10_000,
    },
    () => performance.now(),
  ),
  monotonicMs: () => performance.now(),
})
let url: string

beforeAll(async () => {
  url = `http://127.0.0.1:${await app.listen({ host: '127.0.0.1', port: 0 })}`
})
afterAll(() => app.close())
beforeEach(() => {
  lines.length = 0
})

const post = async (path: string) =>
  (await sendRaw(url, formatRequest(path, '{}'), { count: 1 })).responses[0]

test.each(['/v0/fails', '/v0/rejects'])(
  'what was not thrown on purpose (%s) is ih1001: logged in full, described in nothing',
  async (path) => {
    const response = await post(path)
    expectError(response, ERRORS.internal, path)
    const failure = lines.find(({ event }) => event === 'failure')
    expect(JSON.stringify(failure)).toContain('LEAK')
    expect(failure?.correlation_id).toBe(response?.headers['x-correlation-id'])
  },
)

test('a store that does not answer is ih1003 and says when to come again', async () => {
  const response = await post('/v0/away')
  expectError(response, ERRORS.unavailable, '/v0/away')
  expect(response?.headers['retry-after']).toMatch(/^\d+$/)
  expect(lines.some(({ event }) => event === 'failure')).toBe(true)
})

test('pipelined answers keep the order of the requests, and garbage behind them waits for its turn', async () => {
  const requests = ['/v0/slow', '/v0/quick', '/v0/slow'].map((path) => formatRequest(path, '{}'))
  const { responses } = await sendRaw(url, Buffer.concat([...requests, Buffer.from('garbage\r\n\r\n')]))
  expect(responses.map(({ status, body }) => (status === 200 ? body : status))).toEqual([
    'slow',
    'quick',
    'slow',
    400,
  ])
})

test('garbage that comes while an answer is under way waits for it as well', async () => {
  const socket = openSocket(url)
  socket.write(formatRequest('/v0/slow', '{}'))
  await new Promise((resolve) => setTimeout(resolve, 30))
  socket.write('garbage\r\n\r\n')
  const { responses } = await readExchange(socket)
  expect(responses.map(({ status }) => status)).toEqual([200, 400])
})

test('a client that goes away while its answer is under way is logged once, with status 0', async () => {
  const socket = openSocket(url).on('error', () => {})
  await new Promise((resolve) => socket.write(formatRequest('/v0/slow', '{}'), resolve))
  await new Promise((resolve) => setTimeout(resolve, 30))
  socket.resetAndDestroy()
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(lines).toMatchObject([{ event: 'request', status: 0, route: '/v0/slow' }])
})
