import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createGuard, keySet, protectHandler } from '@interhuman-auth/guard'
import { KEY_SET_PATH, STREAM_SCOPE, TOKEN_ENDPOINTS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { WebSocketServer } from 'ws'

/** An API in this process as the published one is: the exchange and the protected resources at one address. */
export interface GuardedApi {
  readonly url: string
  /** How many exchanges went on to the service. */
  exchanges(): number
  /** For the next check alone every token is past its end. */
  expireNext(): void
  /** The bearer tokens that came. */
  readonly tokens: Set<string>
  close(): Promise<void>
}

const ISSUER = 'http://127.0.0.1:4747'

/** Starts an API whose exchange is a real service's and whose uploads and streams stand behind the guard. */
export async function startGuardedApi(serviceUrl: string): Promise<GuardedApi> {
  let exchanges = 0
  let isExpired = false
  const tokens = new Set<string>()
  const now = () => {
    const offsetMs = isExpired ? 3_600_000 : 0
    isExpired = false
    return Date.now() + offsetMs
  }
  const protect = createGuard({ issuer: ISSUER, keys: keySet(serviceUrl + KEY_SET_PATH), now })
  const upload = protectHandler({
    protect,
    scope: UPLOAD_SCOPE,
    handler: async (request, response) => {
      let receivedBytes = 0
      for await (const chunk of request) receivedBytes += chunk.length
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ received_bytes: receivedBytes }))
    },
  })
  const server = createServer((request, response) => {
    const { authorization } = request.headers
    if (authorization !== undefined) tokens.add(authorization.replace('Bearer ', ''))
    if (!Object.values(TOKEN_ENDPOINTS).includes(request.url ?? '')) return void upload(request, response)
    exchanges += 1
    const { method, url, headers } = request
    const forwarded = httpRequest(serviceUrl + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    request.pipe(forwarded)
  })
  serveStreams(server, protect)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges: () => exchanges,
    expireNext: () => {
      isExpired = true
    },
    tokens,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function serveStreams(server: Server, protect: ReturnType<typeof createGuard>): void {
  const streams = new WebSocketServer({ noServer: true })
  server.on('upgrade', async (request, socket, head) => {
    const { method = '', url = '', headersDistinct } = request
    const get = (name: string) => headersDistinct[name.toLowerCase()]?.join(', ') ?? null
    const decision = await protect({ method, url, headers: { get } }, STREAM_SCOPE)
    if (!decision.granted && decision.closeCode === undefined) {
      const { status, headers, body } = decision
      const lines = Object.entries({ ...headers, 'Content-Length': body.length }).map(
        ([name, value]) => `${name}: ${value}`,
      )
      socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
      return
    }
    streams.handleUpgrade(request, socket, head, (client) => {
      if (!decision.granted) return client.close(decision.closeCode)
      client.on('message', (data, binary) => client.send(data, { binary }))
    })
  })
}
