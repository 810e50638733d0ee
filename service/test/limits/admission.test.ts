import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { formatRequest, openSocket, readExchange, sendRaw } from '../../../test/support/raw-http.ts'
import { createClientAddress, parseNetwork } from '../../src/client-address.ts'
import { createHttpServer, type HttpServer } from '../../src/http-server.ts'
import { type AdmissionSettings, createAdmission } from '../../src/limits/admission.ts'
import { createLog } from '../../src/log.ts'
import type { Route } from '../../src/routes/route.ts'

const OFF: AdmissionSettings = {
  trustedProxies: [],
  addressRequestsPerMinute: 0,
  addressRequestsAtOnce: 0,
  addressConnections: 0,
  failuresPerMinute: 0,
  maxInFlight: 1000,
  maxLoopDelayMs: 60_000,
}

let app: HttpServer | undefined
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await app?.close()
})

async function start(settings: Partial<AdmissionSettings>, routes: readonly Route[]): Promise<string> {
  const all = { ...OFF, ...settings }
  const limits = {
    maxBodyBytes: 16_384,
    maxHeaderBytes: 16_384,
    requestTimeoutMs: 20_000,
    keepAliveTimeoutMs: 20_000,
    maxConnections: 1000,
    refusalLinesPerSecond: 100,
  }
  app = createHttpServer(routes, limits, {
    log: createLog({ level: 'silent' }, { write: () => {} }),
    errorPage: 'http://127.0.0.1:4747/errors',
    newCorrelationId: randomUUID,
    clientAddress: createClientAddress(all.trustedProxies),
    admission: createAdmission(all, () => performance.now()),
    monotonicMs: () => performance.now(),
  })
  return `http://127.0.0.1:${await app.listen({ host: '127.0.0.1', port: 0 })}`
}

function open(url: string): Socket {
  const socket = openSocket(url)
  sockets.push(socket)
  return socket
}

const OK: Route = { method: 'POST', path: '/v1/ok', handler: () => ({ headers: {}, body: 'ok' }) }
const HEALTH: Route = { ...OK, method: 'GET', path: '/health', load: 'free' }
const health = formatRequest('/health', '', { method: 'GET' })

/** A route whose answers wait until they are released. */
function waitingRoute() {
  const waiting: (() => void)[] = []
  const route: Route = {
    method: 'POST',
    path: '/v1/waits',
    handler: () =>
      new Promise((resolve) => {
        waiting.push(() => resolve({ headers: {}, body: 'waited' }))
      }),
  }
  const arrived = async (count: number) => {
    while (waiting.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const release = () => {
    for (const answer of waiting.splice(0)) answer()
  }
  return { route, arrived, release }
}

test('attack 53: a client has its share of the connections, and another has its own', async () => {
  const url = await start({ addressConnections: 2 }, [OK])
  const ok = formatRequest('/v1/ok', '{}')
  const kept = [open(url), open(url)]
  for (const socket of kept) {
    socket.write(ok)
    expect((await readExchange(socket, 1, { keep: true })).responses[0]?.status).toBe(200)
  }
  expect((await sendRaw(url, ok, { count: 1 })).responses).toEqual([])
  kept[0]?.destroy()
  let answered = 0
  while (answered !== 200) answered = (await sendRaw(url, ok, { count: 1 })).responses[0]?.status ?? 0
})

test('the connections of a trusted proxy are not those of a client', async () => {
  const url = await start({ addressConnections: 1, trustedProxies: [parseNetwork('127.0.0.0/8')] }, [OK])
  open(url)
  open(url)
  expect((await sendRaw(url, formatRequest('/v1/ok', '{}'), { count: 1 })).responses[0]?.status).toBe(200)
})

test('beyond what is worked on at once it is 503 before the body is read, but for health, and what is taken is answered', async () => {
  const waits = waitingRoute()
  const url = await start({ maxInFlight: 2 }, [waits.route, OK, HEALTH])
  const taken = [1, 2].map(() => sendRaw(url, formatRequest('/v1/waits', '{}'), { count: 1 }))
  await waits.arrived(2)
  const head = formatRequest('/v1/ok', '{}').subarray(0, -2)
  const refused = (await sendRaw(url, head, { count: 1 })).responses[0]
  expect(refused?.status).toBe(503)
  expect(refused?.headers['retry-after']).toBe('1')
  expect(JSON.parse(refused?.body ?? '').error_id).toBe('ih1003')
  expect((await sendRaw(url, health, { count: 1 })).responses[0]?.status).toBe(200)
  waits.release()
  for (const exchange of taken) expect((await exchange).responses[0]?.body).toBe('waited')
  expect((await sendRaw(url, formatRequest('/v1/ok', '{}'), { count: 1 })).responses[0]?.status).toBe(200)
})

test('a body that arrives when there is enough to do by then is 503 as well', async () => {
  const waits = waitingRoute()
  const url = await start({ maxInFlight: 1 }, [waits.route, OK])
  const late = open(url)
  const whole = formatRequest('/v1/ok', '{}')
  late.write(whole.subarray(0, -1))
  const taken = sendRaw(url, formatRequest('/v1/waits', '{}'), { count: 1 })
  await waits.arrived(1)
  late.write(whole.subarray(-1))
  expect((await readExchange(late, 1)).responses[0]?.status).toBe(503)
  waits.release()
  expect((await taken).responses[0]?.status).toBe(200)
})

test('what waits behind a turn of the event loop that is too long is 503, and the next turn takes work again', async () => {
  const busy: Route = {
    ...OK,
    path: '/v1/busy',
    handler() {
      for (const end = performance.now() + 300; performance.now() < end; );
      return { headers: {}, body: 'done' }
    },
  }
  const url = await start({ maxLoopDelayMs: 250 }, [busy, OK, HEALTH])
  const socket = open(url)
  // Pipelined, they are all of one turn.
  const requests = ['/v1/busy', '/v1/ok', '/v1/ok'].map((path) => formatRequest(path, '{}'))
  socket.write(Buffer.concat([...requests, health]))
  const { responses } = await readExchange(socket, 4)
  expect(responses.map(({ status }) => status)).toEqual([200, 503, 503, 200])
  expect((await sendRaw(url, formatRequest('/v1/ok', '{}'), { count: 1 })).responses[0]?.status).toBe(200)
})
