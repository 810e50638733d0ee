import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { METRICS_PATH } from '@interhuman-auth/protocol'
import type { Address } from './address.ts'
import type { HttpServer } from './http-server.ts'
import type { Metrics } from './observation/metrics.ts'

/** A scraper is one or two programs that ask now and then. */
const MAX_CONNECTIONS = 16
const REQUEST_TIMEOUT_MS = 5000
const MAX_HEADER_BYTES = 8192

/** Makes the server of `/metrics`: an address of its own, so that nobody who asks for tokens reaches it. */
export function createMetricsServer(metrics: Pick<Metrics, 'format'>): HttpServer {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: REQUEST_TIMEOUT_MS,
    },
    (request, response) => void answer(request, response, metrics),
  )
  server.maxConnections = MAX_CONNECTIONS
  return {
    listen: (address: Address) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(address.port, address.host, () => {
          server.off('error', reject)
          resolve((server.address() as AddressInfo).port)
        })
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: Pick<Metrics, 'format'>,
): Promise<void> {
  try {
    const refusal = refuse(request)
    if (refusal !== undefined) return send(response, refusal, 'text/plain', `only GET ${METRICS_PATH}\n`)
    const { contentType, text } = await metrics.format()
    send(response, 200, contentType, text)
  } catch {
    send(response, 500, 'text/plain', 'the metrics cannot be read\n')
  }
}

function refuse({ method, url }: IncomingMessage): number | undefined {
  if (url?.split('?')[0] !== METRICS_PATH) return 404
  return method === 'GET' || method === 'HEAD' ? undefined : 405
}

function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
  })
  response.end(text)
}
