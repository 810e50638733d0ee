import { once } from 'node:events'
import { createServer } from 'node:http'
import { ERRORS, formatChallenge, formatErrorBody } from '@interhuman-auth/protocol'
import { WebSocketServer } from 'ws'

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': '*, authorization',
  'Access-Control-Allow-Methods': '*',
}
const context = { correlationId: '00000000-0000-4000-8000-000000000000', errorPage: 'https://example.org' }
const refusal = JSON.stringify(formatErrorBody(ERRORS.invalidCredentials, 'v1', context))
const scopeRefusal = JSON.stringify(formatErrorBody(ERRORS.insufficientScope, 'v1', context))

/**
 * A few lines that stand in for a protected API and its stream, and a second origin that one path redirects to. It takes
 * the token `new`, holds `scopeless` to lack the scope, and refuses every other.
 */
export async function startProtected() {
  /** @type {(string | undefined)[]} */
  const carriedAway = []
  const other = await listen((request, response) => {
    if (request.method !== 'OPTIONS') carriedAway.push(request.headers.authorization)
    response.writeHead(200, CORS).end()
  })
  const api = await listen(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.method === 'OPTIONS') response.writeHead(204, CORS).end()
    else if (request.url === '/away') response.writeHead(302, { ...CORS, Location: other.url }).end()
    else if (request.headers.authorization === 'Bearer new') response.writeHead(200, CORS).end(body)
    else
      response.writeHead(401, { ...CORS, 'WWW-Authenticate': formatChallenge('invalid_token') }).end(refusal)
  })
  const sockets = new WebSocketServer({ noServer: true })
  api.server.on('upgrade', (request, socket, head) => {
    const { authorization = '', 'sec-websocket-protocol': subprotocols = '' } = request.headers
    const token = /(?:Bearer |access_token, ?)(\w+)$/.exec(authorization || subprotocols)?.[1]
    if (token !== 'new' && token !== 'scopeless') {
      const head = `HTTP/1.1 401 No\r\nContent-Length: ${refusal.length}\r\nConnection: close`
      socket.end(`${head}\r\n\r\n${refusal}`)
      return
    }
    // What is sent at once is in one packet with the handshake's answer.
    socket.cork()
    sockets.handleUpgrade(request, socket, head, (opened) => {
      for (const text of token === 'new' ? ['1', '2', '3'] : [scopeRefusal]) opened.send(text)
      opened.close(token === 'new' ? 4000 : 4003)
      socket.uncork()
    })
  })
  return {
    url: api.url,
    /** The `Authorization` headers that the second origin saw so far. */
    takeCarriedAway: () => carriedAway.splice(0),
    async close() {
      await Promise.all([api.close(), other.close()])
    },
  }
}

/** @param {import('node:http').RequestListener} listener */
async function listen(listener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
