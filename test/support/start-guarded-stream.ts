import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGuard, type Denied, protectHandler, sharedKeys } from '@interhuman-auth/guard'
import { ACCESS_TOKEN_TYPE, formatAccessTokenClaims, STREAM_SCOPE } from '@interhuman-auth/protocol'
import { type WebSocket, WebSocketServer } from 'ws'

const ISSUER = 'https://auth.example.com'
const KID = 'test'

/** What a handshake carried. */
export interface SeenHandshake {
  readonly url: string
  readonly authorization: string | undefined
  readonly subprotocols: string | undefined
}

/** How a granted or a denied stream goes on. */
export interface StreamBehaviour {
  onOpen?(socket: WebSocket): void
  /** What is sent before the close code; the denial's own body if absent. */
  tellDenial?(denied: Denied): string
  /** Answers the handshake in place of the guard. */
  answer?(request: IncomingMessage): string | undefined
}

/** A stream behind the guard, on loopback. */
export interface GuardedStream {
  /** `ws://127.0.0.1:…/v1/stream/analyze` */
  readonly url: string
  readonly handshakes: SeenHandshake[]
  /** Requests that were none. */
  readonly requests: string[]
  readonly behaviour: StreamBehaviour
  /** A token that the guard takes, unless it is of another scope or old. */
  issue(scope?: string, issuedAt?: number): string
  close(): Promise<void>
}

/** Starts a stream whose handshakes the guard decides on, in every dialect. */
export async function startGuardedStream(): Promise<GuardedStream> {
  const secret = randomBytes(32)
  const protect = createGuard({ issuer: ISSUER, keys: sharedKeys([{ kid: KID, secret }]) })
  const handshakes: SeenHandshake[] = []
  const requests: string[] = []
  const behaviour: StreamBehaviour = {}
  const handler = protectHandler({
    protect,
    scope: STREAM_SCOPE,
    handler: (_, response) => void response.writeHead(426).end(),
  })
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    void handler(request, response)
  })
  let selected: string | undefined
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => selected ?? false })
  server.on('upgrade', async (request, socket, head) => {
    const { method = '', url = '', headers } = request
    const { authorization, 'sec-websocket-protocol': subprotocols } = headers
    handshakes.push({ url, authorization, subprotocols })
    const instead = behaviour.answer?.(request)
    if (instead !== undefined) return void socket.end(instead)
    const get = (name: string) => [headers[name.toLowerCase()] ?? null].flat().join(', ') || null
    const decision = await protect({ method, url, headers: { get } }, STREAM_SCOPE)
    if (!decision.granted && decision.closeCode === undefined) return void socket.end(formatAnswer(decision))
    selected = decision.subprotocol
    // What comes with the handshake's answer is in one packet with it.
    socket.cork()
    sockets.handleUpgrade(request, socket, head, (opened) => {
      if (decision.granted) behaviour.onOpen?.(opened)
      else {
        opened.send(behaviour.tellDenial?.(decision) ?? decision.body)
        opened.close(decision.closeCode, decision.error)
      }
      socket.uncork()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/stream/analyze`,
    handshakes,
    requests,
    behaviour,
    issue: (scope = STREAM_SCOPE, issuedAt = Math.floor(Date.now() / 1000)) => sign(secret, scope, issuedAt),
    async close() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function sign(secret: Buffer, scope: string, issuedAt: number): string {
  const claims = formatAccessTokenClaims({
    issuer: ISSUER,
    audience: ISSUER,
    keyId: 'ihk_00000000000000000001',
    generation: 1,
    scope,
    tokenId: randomUUID(),
    issuedAt,
  })
  const parts = [{ alg: 'HS256', typ: ACCESS_TOKEN_TYPE, kid: KID }, claims]
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

function formatAnswer({ status, headers, body }: Denied): string {
  const lines = Object.entries({ ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' })
  return `HTTP/1.1 ${status} No\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n${body}`
}
