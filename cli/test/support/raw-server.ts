import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

/** A request as it came over the wire. */
export interface RawRequest {
  readonly head: string
  readonly body: string
}

/** A server that answers with whatever bytes it is told to, and keeps what it was sent. */
export interface RawServer {
  readonly url: string
  readonly port: number
  readonly requests: readonly RawRequest[]
  /** Calls back with each connection to come, below TLS. */
  readonly onConnection: (listener: (socket: Socket) => void) => void
  readonly stop: () => Promise<void>
}

/** What answers: called with the connection when a request is there, whole. */
export type Respond = (socket: Socket, request: RawRequest) => void

/** Starts a server on a free port of this machine. With `tls` it speaks TLS. */
export async function startRawServer(
  respond: Respond,
  tls?: { key: string; cert: string },
): Promise<RawServer> {
  const requests: RawRequest[] = []
  const sockets = new Set<Socket>()
  const listen = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let received = ''
    let answered = false
    socket.setEncoding('latin1').on('data', (chunk) => {
      received += chunk
      const request = readRequest(received)
      if (request === undefined || answered) return
      answered = true
      requests.push(request)
      respond(socket, request)
    })
  }
  const server: Server = tls === undefined ? createServer(listen) : createTlsServer(tls, listen)
  server.on('connection', (socket: Socket) => sockets.add(socket)).on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    onConnection: (listener) => void server.on('connection', listener),
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** Answers with a status, headers and a body of a known length. */
export function answer(
  status: number,
  body: string | Uint8Array = '',
  headers: readonly string[] = [],
): Respond {
  const bytes = Buffer.from(body)
  const lines = [`HTTP/1.1 ${status} Said so`, ...headers, `Content-Length: ${bytes.length}`, '', '']
  return (socket) => socket.end(Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), bytes]))
}

/** Answers with bytes as they are, and closes. */
export function send(...parts: (string | Uint8Array)[]): Respond {
  return (socket) => socket.end(Buffer.concat(parts.map((part) => Buffer.from(part as string))))
}

function readRequest(received: string): RawRequest | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = received.slice(0, end)
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
  const body = Buffer.from(received.slice(end + 4), 'latin1')
  return body.length < length ? undefined : { head, body: body.toString('utf8') }
}
