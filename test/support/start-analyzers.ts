import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGuard, keySet, type ProtectedRequest, protectHandler } from '@interhuman-auth/guard'
import { findProtectedResource, KEY_SET_PATH, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { type WebSocket, WebSocketServer } from 'ws'

/** What stands behind a token: an upload endpoint and a stream that says back what it hears, both behind the guard. */
export interface Analyzers {
  /** The origin, `http://127.0.0.1:…`. */
  readonly url: string
  /** The uploads that were let through: how many bytes each had. */
  readonly uploads: readonly number[]
  close(): Promise<void>
}

/** Starts them in this process, before the tokens of a service. */
export async function startAnalyzers(serviceUrl: string): Promise<Analyzers> {
  const protect = createGuard({
    issuer: 'http://127.0.0.1:4747',
    keys: keySet(serviceUrl + KEY_SET_PATH),
    acceptClientTokens: true,
  })
  const uploads: number[] = []
  const upload = protectHandler({
    protect,
    scope: UPLOAD_SCOPE,
    async handler(request, response) {
      let bytes = 0
      for await (const chunk of request) bytes += chunk.length
      uploads.push(bytes)
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ received_bytes: bytes }))
    },
  })
  const server = createServer((request, response) => {
    if (findProtectedResource(request.url ?? '')?.scope === UPLOAD_SCOPE) void upload(request, response)
    else response.writeHead(404).end()
  })
  const streams = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('access_token') ? 'access_token' : ([...offered][0] ?? false)),
  })
  server.on('upgrade', async (request, socket, head) => {
    socket.on('error', () => {})
    const { method = '', url = '', headersDistinct } = request
    const get = (name: string) => headersDistinct[name.toLowerCase()]?.join(', ') ?? null
    const handshake: ProtectedRequest = { method, url, headers: { get } }
    const decision = await protect(handshake, STREAM_SCOPE)
    if (!decision.granted && decision.closeCode === undefined) {
      const headers = Object.entries(decision.headers).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.end(`HTTP/1.1 ${decision.status} Refused\r\n${headers.join('')}\r\n${decision.body}`)
      return
    }
    streams.handleUpgrade(request, socket, head, (stream: WebSocket) => {
      if (decision.granted) stream.on('message', (data, binary) => stream.send(data, { binary }))
      else stream.send(decision.body, () => stream.close(decision.closeCode))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    uploads,
    async close() {
      for (const stream of streams.clients) stream.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
