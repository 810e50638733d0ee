import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { isLoopback } from '@interhuman-auth/protocol'
import { builtin } from '../builtin.ts'
import type { ProxyLimits } from './limits.ts'
import type { Manner, Serve } from './serve.ts'

const http: typeof import('node:http') = builtin('node:http')

/** How often Node looks for heads that take too long, in milliseconds. */
const CHECK_INTERVAL_MS = 500
const KEEP_ALIVE_MS = 30_000

/** What a server needs from outside. */
export interface ServerDependencies {
  readonly limits: ProxyLimits
  readonly serve: Serve
  /** Answers for Node's parser where it refuses what came; `response` is the last one of the connection. */
  readonly refuse: (
    fault: NodeJS.ErrnoException,
    socket: Socket,
    response: ServerResponse | undefined,
  ) => void
}

/** Makes a server that gives every request to `serve`, however Node's parser announces it. */
export function createProxyServer({ limits, serve, refuse }: ServerDependencies): Server {
  /** Of each connection the last response that is not over. */
  const last = new WeakMap<Socket, ServerResponse>()
  const answer = (manner: Manner) => (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    last.set(socket, response)
    response.once('close', () => {
      if (last.get(socket) === response) last.delete(socket)
    })
    serve(request, response, manner).catch(() => socket.destroy())
  }
  const server = http.createServer({
    maxHeaderSize: limits.maxHeadBytes,
    headersTimeout: limits.headTimeoutMs,
    // A body may take as long as it keeps coming: its own bounds are held on the way to the API.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    requireHostHeader: false,
    insecureHTTPParser: false,
  })
  server.maxConnections = limits.maxConnections
  server.on('connection', (socket: Socket) => {
    if (!isFromHere(socket.remoteAddress)) socket.destroy()
  })
  server.on('request', answer('plain')).on('checkContinue', answer('continue'))
  server.on('checkExpectation', answer('plain'))
  const raw = (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (isOtherUpgrade(request)) return readAgain(server, request, socket, head)
    socket.on('error', () => socket.destroy())
    const response = new http.ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.once('finish', () => socket.destroySoon())
    serve(request, response, 'upgrade', head).catch(() => socket.destroy())
  }
  const inTurn = (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const before = last.get(socket)
    if (before === undefined) raw(request, socket, head)
    else afterwards(before, socket, () => inTurn(request, socket, head))
  }
  server.on('upgrade', inTurn).on('connect', inTurn)
  server.on('clientError', (fault: NodeJS.ErrnoException, socket: Socket) => {
    // The parser would refuse what still comes, chunk by chunk.
    socket.removeAllListeners('data').on('data', () => {})
    if (fault.code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else refuse(fault, socket, last.get(socket))
  })
  return server
}

/** `::ffff:127.0.0.1` is IPv4 as a socket for both has it. */
function isFromHere(remoteAddress = ''): boolean {
  return remoteAddress === '::1' || isLoopback(remoteAddress.replace(/^::ffff:/, ''))
}

/** Goes on with a connection, which nobody listens to meanwhile, behind the answers that come before; unless it ends with them. */
function afterwards(before: ServerResponse, socket: Socket, goOn: () => void): void {
  const onFault = () => socket.destroy()
  socket.on('error', onFault)
  before.once('close', () => {
    if (!socket.writable) return
    socket.off('error', onFault)
    goOn()
  })
}

/** Some clients offer HTTP/2 with any request over plain http (`Upgrade: h2c`): a server may pass over it. */
function isOtherUpgrade({ method, headers }: IncomingMessage): boolean {
  return method !== 'CONNECT' && headers.upgrade?.toLowerCase() !== 'websocket'
}

/** Node would leave the body unread: the head is given back to the parser without the offer (RFC 9110 section 7.8). */
function readAgain(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders, headers } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (!/^(?:upgrade|connection|http2-settings)$/i.test(rawHeaders[index] ?? ''))
      lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`)
  // What `Connection` named beside the upgrade stays this connection's own.
  const named = (headers.connection ?? '').split(',')
  const kept = named.filter((name) => !/^\s*(?:upgrade|http2-settings)?\s*$/i.test(name))
  if (kept.length > 0) lines.push(`Connection: ${kept.join(',')}`)
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}
