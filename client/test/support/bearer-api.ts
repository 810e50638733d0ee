import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'

/** A request as it came. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What is answered. */
export interface ApiAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Answer without having read the body. */
  readonly atOnce?: boolean
}

/** An API behind a real socket that keeps what it was asked. */
export interface BearerApi {
  /** `http://127.0.0.1:…`; the same server answers at `localhost` too. */
  readonly origin: string
  readonly seen: SeenRequest[]
  close(): Promise<void>
}

export const OK: ApiAnswer = { status: 200, body: 'fine' }

/** A 401 as our contract's section 4 has it. */
export const INVALID_TOKEN: ApiAnswer = {
  status: 401,
  headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"', 'Content-Type': 'application/json' },
  body: '{"error_id":"ih2001"}',
}

const apis: BearerApi[] = []
afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.close()))
})

/** Starts an API for one test. */
export async function startApi(answer: (request: SeenRequest) => ApiAnswer = () => OK): Promise<BearerApi> {
  const seen: SeenRequest[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const early = answer({ method, path, headers, body: '' })
    const chunks: Uint8Array[] = []
    if (!early.atOnce) for await (const chunk of request) chunks.push(chunk)
    const whole = { method, path, headers, body: Buffer.concat(chunks).toString('latin1') }
    seen.push(whole)
    const { status, headers: answered, body } = early.atOnce ? early : answer(whole)
    response.writeHead(status, answered).end(body)
  })
  // A client that is refused half-way may reset the connection.
  server.on('clientError', (_, socket) => socket.destroy())
  server.listen(0)
  await once(server, 'listening')
  const api = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  apis.push(api)
  return api
}
