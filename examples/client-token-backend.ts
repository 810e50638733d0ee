/**
 * A backend that gives its signed-in visitors client tokens, so that their pages never see the key. `examples/README.md`
 * says how to run it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ClientTokenGrant, respondWithClientToken } from '@interhuman-auth/client/backend'

// Prerequisites: the API key in the environment, and the port to listen on.
const { INTERHUMAN_KEY_ID: keyId = '', INTERHUMAN_KEY_SECRET: keySecret = '' } = process.env
const apiUrl = process.env.INTERHUMAN_API_URL ?? 'http://127.0.0.1:4747'
const port = Number(process.env.PORT ?? 4900)

/** Your own sign-in check stands here. */
function grant(request: Request): ClientTokenGrant | undefined {
  const isSignedIn = request.headers.get('Cookie')?.includes('visitor=') ?? false
  return isSignedIn ? { expiresInSeconds: 120, caps: { maxVideoSeconds: 600 } } : undefined
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, headers, body } = await respondWithClientToken(toRequest(request), {
    ...{ keyId, keySecret, apiUrl, grant },
    onFailure: ({ status, correlationId }) => console.error(`no client token: ${status} ${correlationId}`),
  })
  response.writeHead(status, Object.fromEntries(headers))
  for await (const chunk of body ?? []) response.write(chunk)
  response.end()
}

/** Behind TLS that ends before this program, `origins` has to name the address that visitors see. */
function toRequest(request: IncomingMessage): Request {
  const { method = 'GET', url = '/', headers } = request
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const body = hasBody ? (request as unknown as BodyInit) : null
  const init = { method, headers: headers as Record<string, string>, body, duplex: 'half' }
  return new Request(new URL(url, `http://${headers.host}`), init)
}

const server = createServer((request, response) => {
  if (request.url === '/client-token') {
    answer(request, response).catch((error: unknown) => {
      console.error(error)
      response.destroy()
    })
  } else if (request.url === '/')
    response
      .writeHead(200, { 'Content-Type': 'text/html', 'Set-Cookie': 'visitor=1; HttpOnly; SameSite=Lax' })
      .end('<!doctype html><title>signed in</title>')
  else response.writeHead(404).end()
})

server.listen(port, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.once('SIGINT', () => server.close()).once('SIGTERM', () => server.close())
