/**
 * An upload endpoint that only a token with the scope `interhumanai.upload` opens. `examples/README.md` says how to run it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGuard, keySet, protectHandler } from '@interhuman-auth/guard'
import { type AccessTokenClaims, KEY_SET_PATH, UPLOAD_SCOPE } from '@interhuman-auth/protocol'

// Prerequisites: whose tokens are taken, where its public keys are, and the port to listen on.
const issuer = process.env.ISSUER ?? 'http://127.0.0.1:4747'
const keySetUrl = process.env.KEY_SET_URL ?? `${issuer}${KEY_SET_PATH}`
const port = Number(process.env.PORT ?? 4800)

const protect = createGuard({ issuer, keys: keySet(keySetUrl) })

const upload = protectHandler({
  protect,
  scope: UPLOAD_SCOPE,
  handler: receiveUpload,
  onDenied({ error, reason, detail, correlationId }) {
    console.error(JSON.stringify({ event: 'denied', error, reason, detail, correlationId }))
  },
})

async function receiveUpload(request: IncomingMessage, response: ServerResponse, claims: AccessTokenClaims) {
  let receivedBytes = 0
  try {
    for await (const chunk of request) receivedBytes += chunk.length
  } catch {
    return // The client hung up: nobody is left to answer.
  }
  const body = JSON.stringify({ received_bytes: receivedBytes, key_id: claims.client_id })
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(body)
}

const server = createServer((request, response) => {
  const [path] = request.url?.split('?') ?? []
  if (request.method === 'POST' && path === '/v0/upload/analyze') upload(request, response)
  else response.writeHead(404).end()
})

server.listen(port, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.once('SIGINT', () => server.close()).once('SIGTERM', () => server.close())
