import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { PROXY_LIMITS, type ProxyLimits } from '../../src/proxy/limits.ts'
import { type ProxyOptions, startProxy } from '../../src/proxy/proxy.ts'
import type { ExchangeEvent } from '../../src/proxy/serve.ts'

/** The secret of the proxies that tests start. */
export const SECRET = 'LEAK-run-secret'
/** What the first tokens are; each drop brings the next. */
export const TOKENS = ['LEAK.first.token', 'LEAK.second.token', 'LEAK.third.token'] as const

/** A proxy in this process, and what it did. */
export interface TestProxy {
  /** Without the secret. */
  readonly url: string
  readonly baseUrl: string
  /** `127.0.0.1` and the port. */
  readonly host: string
  readonly events: ExchangeEvent[]
  /** The scopes of each token that was asked for, and the remaining life. */
  readonly asked: { scopes: readonly string[]; minValiditySeconds: number | undefined }[]
  readonly dropped: string[]
  readonly close: (graceMs: number) => Promise<void>
}

/** Starts a proxy before an address, and ends it with the test. */
export async function startTestProxy(
  apiUrl: string,
  options: Partial<Omit<ProxyOptions, 'limits'>> & { limits?: Partial<ProxyLimits> } = {},
): Promise<TestProxy> {
  const events: ExchangeEvent[] = []
  const asked: TestProxy['asked'] = []
  const dropped: string[] = []
  const proxy = await startProxy({
    apiUrl,
    tokens: async (scopes) => ({
      async getToken({ minValiditySeconds } = {}) {
        asked.push({ scopes, minValiditySeconds })
        return { value: TOKENS[dropped.length] ?? 'LEAK.last.token' }
      },
      drop: ({ value }) => void dropped.push(value),
    }),
    scopes: [],
    paths: [],
    origins: [],
    port: 0,
    secret: SECRET,
    env: {},
    newCorrelationId: () => crypto.randomUUID(),
    monotonicMs: () => performance.now(),
    onExchange: (event) => events.push(event),
    ...options,
    limits: { ...PROXY_LIMITS, lingerMs: 300, ...options.limits },
  })
  onTestFinished(() => proxy.close(0))
  const { origin, host } = new URL(proxy.baseUrl)
  return { url: origin, baseUrl: proxy.baseUrl, host, events, asked, dropped, close: proxy.close }
}

/** An API of Node's own server, which a test writes. */
export interface TestApi {
  readonly url: string
  readonly server: Server
}

/** Starts an API on a free port, and ends it with the test. */
export async function startApi(listener: RequestListener): Promise<TestApi> {
  const server = createServer(listener)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}
