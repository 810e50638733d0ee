import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as it was sent, with its attributes as an object. */
export interface SentSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
  readonly failed: boolean
}

/** An OpenTelemetry collector: takes OTLP over HTTP and keeps what came. */
export interface Collector {
  readonly url: string
  readonly spans: readonly SentSpan[]
  /** Of each request. */
  readonly headers: readonly IncomingHttpHeaders[]
  /** The bodies as they came. */
  readonly bodies: readonly string[]
  /** The attributes of the last resource. */
  readonly resource: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

interface WireAttribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}
interface WireSpan extends Omit<SentSpan, 'attributes' | 'failed'> {
  readonly attributes: readonly WireAttribute[]
  readonly status: { readonly code: number }
}
interface WireTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly WireAttribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[]
  }[]
}

/** Starts a collector that answers every request with `status`. */
export async function startCollector(status = 200): Promise<Collector> {
  const spans: SentSpan[] = []
  const headers: IncomingHttpHeaders[] = []
  const bodies: string[] = []
  let resource: Record<string, unknown> = {}
  const server = createServer(async (request, response) => {
    headers.push(request.headers)
    const body = Buffer.concat(await request.toArray()).toString()
    bodies.push(body)
    if (request.url === '/v1/traces' && request.headers['content-type'] === 'application/json')
      for (const sent of (JSON.parse(body) as WireTraces).resourceSpans) {
        resource = toObject(sent.resource.attributes)
        spans.push(...sent.scopeSpans.flatMap((scope) => scope.spans.map(toSpan)))
      }
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers,
    bodies,
    get resource() {
      return resource
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function toSpan({ attributes, status, ...span }: WireSpan): SentSpan {
  return { ...span, attributes: toObject(attributes), failed: status.code === 2 }
}

/** OTLP writes a value as an object with its type as the one member. */
function toObject(attributes: readonly WireAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
