import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { PROTECTED_RESOURCES } from '@interhuman-auth/protocol'
import type { ForwardedPath } from './gate.ts'
import { PROXY_LIMITS, type ProxyLimits } from './limits.ts'
import { listenOnLoopback } from './listen.ts'
import type { LivingToken } from './living-token.ts'
import type { ExchangeEvent, Serve } from './serve.ts'
import { createProxyServer } from './server.ts'
import type { Upstream, UpstreamEnvironment } from './upstream.ts'

/** What a proxy is made of. */
export interface ProxyOptions {
  /** The address of the key: the one place that requests go to. */
  readonly apiUrl: string
  /** Gives what keeps a token of these scopes alive. */
  readonly tokens: (scopes: readonly string[]) => Promise<LivingToken>
  /** What every token carries; what the path needs, if there are none. */
  readonly scopes: readonly string[]
  /** Paths that are forwarded besides the protected resources, which then need `scopes`. */
  readonly paths: readonly string[]
  readonly origins: readonly string[]
  /** 0 for any. */
  readonly port: number
  /** The first segment of every path, where there is one. */
  readonly secret: string | undefined
  readonly env: UpstreamEnvironment
  readonly limits?: ProxyLimits | undefined
  readonly newCorrelationId: () => string
  readonly monotonicMs: () => number
  readonly onExchange: (event: ExchangeEvent) => void
}

/** Clients leave it out of `Host`. */
const HTTP_PORT = 80

/** A proxy that listens. */
export interface RunningProxy {
  /** What stands for the address of the key. Holds the secret. */
  readonly baseUrl: string
  /** Takes no more, lets what is on its way end within a time, and ends the rest. */
  readonly close: (graceMs: number) => Promise<void>
}

/**
 * Starts a proxy on loopback that adds a living token to whatever it lets in.
 *
 * @throws the system's error when the port is taken.
 */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { apiUrl, secret, limits = PROXY_LIMITS, newCorrelationId } = options
  // Nobody is let in before the port is known.
  const hosts = new Set<string>()
  let baseUrl = ''
  const gate = { hosts, origins: new Set(options.origins), secret, paths: pathsOf(options) }
  // Once it closes, a connection ends with what it was busy with.
  let whenDone = () => {}
  const onExchange = (event: ExchangeEvent) => {
    options.onExchange(event)
    setImmediate(whenDone)
  }
  let upstream: Upstream | undefined
  // What answers is loaded with the first request: the base URL is there before.
  const load = async () => {
    const [{ createServe }, { createUpstream }] = await Promise.all([
      import('./serve.ts'),
      import('./upstream.ts'),
    ])
    upstream = createUpstream(apiUrl, options.env, limits)
    return createServe({ ...options, gate, baseUrl: () => baseUrl, upstream, limits, onExchange })
  }
  let loading: Promise<Serve> | undefined
  const serve: Serve = async (...call) => {
    loading ??= load()
    return (await loading)(...call)
  }
  const refuse = async (
    fault: NodeJS.ErrnoException,
    socket: Socket,
    response: ServerResponse | undefined,
  ) => {
    const [{ answerForParser, errorOfParser }, { formatRefusal }] = await Promise.all([
      import('./parser-fault.ts'),
      import('./refuse.ts'),
    ])
    const context = { error: errorOfParser(fault), correlationId: newCorrelationId(), upstreamUrl: apiUrl }
    if (socket.writable) answerForParser(socket, response, formatRefusal(context), limits.lingerMs)
  }
  const sockets = new Set<Socket>()
  const { port, servers } = await listenOnLoopback(options.port, () =>
    trackSockets(createProxyServer({ limits, serve, refuse }), sockets),
  )
  baseUrl = `http://127.0.0.1:${port}${secret === undefined ? '' : `/${secret}`}`
  for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
    hosts.add(`${name}:${port}`)
    if (port === HTTP_PORT) hosts.add(name)
  }
  return {
    baseUrl,
    async close(graceMs) {
      whenDone = () => {
        for (const server of servers) server.closeIdleConnections()
      }
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
      whenDone()
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, graceMs)
      await Promise.all(closed)
      clearTimeout(timer)
      upstream?.close()
    },
  }
}

function pathsOf({ scopes, paths }: ProxyOptions): ForwardedPath[] {
  const known = PROTECTED_RESOURCES.map(({ path, scope }) => ({
    path,
    scopes: scopes.length > 0 ? scopes : [scope],
  }))
  return [...known, ...paths.map((path) => ({ path, scopes }))]
}

/** Node forgets a connection that became a WebSocket. One that is read again is announced again. */
function trackSockets(server: Server, sockets: Set<Socket>): Server {
  return server.on('connection', (socket: Socket) => {
    if (sockets.has(socket)) return
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
}
