// A server of its own process that exchanges, counts the exchanges, and is the resource as well. It answers at once.
import { createServer } from 'node:http'

let exchanges = 0
/** @type {Map<string, () => object>} */
/** @type {Record<string, () => object>} */
const routes = {
  'POST /v0/auth': () => ({ access_token: `LEAK-${exchanges++}`, token_type: 'Bearer', expires_in: 900 }),
  'GET /count': () => ({ exchanges }),
}

const server = createServer((request, response) => {
  const route = routes[`${request.method} ${request.url}`] ?? (() => ({}))
  request.resume().once('end', () => {
    const body = JSON.stringify(route())
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
    response.writeHead(200, headers).end(body)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const line = { event: 'listening', url: `http://127.0.0.1:${port}` }
  process.stderr.write(`${JSON.stringify(line)}\n`)
})
process.once('SIGTERM', () => process.exit())
