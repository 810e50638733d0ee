import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { RequestRecord } from '../request-record.ts'
import type { Around } from './observe-store.ts'
import { createSampler, type SamplerOptions } from './sampler.ts'

/** Where traces go and which. */
export interface TraceOptions extends SamplerOptions {
  /** The collector's address; `/v1/traces` is below it. */
  readonly endpoint: string
  /** May hold a secret. */
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly serviceVersion: string
  /** Hears that spans were lost, once until they arrive again. */
  onLost(): void
}

/** The headers of a request, names in lower case. */
export type TraceHeaders = Readonly<Record<string, string | string[] | undefined>>

/** The trace of one request. */
export interface RequestTrace {
  /** Runs what answers the request: what is traced in it belongs to this one. */
  run<T>(answer: () => T): T
  end(record: RequestRecord): void
}

/** What is traced: requests, and in them the store and the signing. Nothing of what a client sent but its `traceparent`. */
export interface Traces {
  openRequest(headers: TraceHeaders): RequestTrace
  readonly aroundStore: Around
  /** Makes each call of a function a span. */
  traceCalls<A extends unknown[], R>(name: string, call: (...args: A) => R): (...args: A) => R
  /** Sends what is left, within a bound. */
  close(): Promise<void>
}

const TRACES_BELOW_ENDPOINT = '/v1/traces'

/** What waits to be sent is dropped above this. */
const QUEUE = { maxQueueSize: 2048, maxExportBatchSize: 512, scheduledDelayMillis: 2000 }
const EXPORT_TIMEOUT_MS = 5000
const CLOSE_TIMEOUT_MS = 2000

/**
 * Opens the traces of a process.
 *
 * @see W3C Trace Context
 */
export function openTraces(options: TraceOptions): Traces {
  const provider = createProvider(options)
  const tracer = provider.getTracer('interhuman-auth-service', options.serviceVersion)
  const current = new AsyncLocalStorage<Span>()
  const propagator = new W3CTraceContextPropagator()
  const child = (name: string, kind = SpanKind.INTERNAL) => startChild(tracer, current.getStore(), name, kind)
  return {
    openRequest(headers) {
      const context = propagator.extract(ROOT_CONTEXT, headers, HEADERS)
      const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, context)
      return { run: (answer) => current.run(span, answer), end: (record) => endRequest(span, record) }
    },
    async aroundStore(operation, run) {
      const span = child(`store ${operation}`, SpanKind.CLIENT)
      try {
        return await run()
      } catch (error) {
        fail(span, error)
        throw error
      } finally {
        span?.end()
      }
    },
    traceCalls: (name, call) =>
      function traced(...args) {
        const span = child(name)
        try {
          return call(...args)
        } catch (error) {
          fail(span, error)
          throw error
        } finally {
          span?.end()
        }
      },
    close: () => closeWithin(provider, CLOSE_TIMEOUT_MS),
  }
}

const HEADERS: TextMapGetter<TraceHeaders> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) => headers[name],
}

/** What nobody asked for by a request has no span. */
function startChild(
  tracer: Tracer,
  parent: Span | undefined,
  name: string,
  kind: SpanKind,
): Span | undefined {
  return parent && tracer.startSpan(name, { kind }, trace.setSpan(ROOT_CONTEXT, parent))
}

function endRequest(span: Span, { method, route, status, errorId, correlationId }: RequestRecord): void {
  const attributes: Attributes = {
    'http.request.method': method,
    'http.response.status_code': status,
    'interhuman_auth.correlation_id': correlationId,
  }
  if (route !== null) attributes['http.route'] = route
  if (errorId !== undefined) attributes['error.type'] = errorId
  span.updateName(route === null ? method : `${method} ${route}`)
  span.setAttributes(attributes)
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}

/** By its kind alone: what an error says could be too much. */
function fail(span: Span | undefined, error: unknown): void {
  span?.setStatus({ code: SpanStatusCode.ERROR })
  span?.setAttribute('error.type', error instanceof Error ? error.name : typeof error)
}

function createProvider(options: TraceOptions): BasicTracerProvider {
  const exporter = new OTLPTraceExporter({
    url: options.endpoint + TRACES_BELOW_ENDPOINT,
    headers: { ...options.headers },
    timeoutMillis: EXPORT_TIMEOUT_MS,
  })
  return new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.serviceName,
      'service.version': options.serviceVersion,
    }),
    sampler: createSampler(options),
    spanProcessors: [
      new BatchSpanProcessor(tellLosses(exporter, options), {
        ...QUEUE,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  })
}

function tellLosses(exporter: OTLPTraceExporter, { onLost }: TraceOptions): OTLPTraceExporter {
  const send = exporter.export.bind(exporter)
  let losing = false
  exporter.export = (spans, done) =>
    send(spans, (result) => {
      if (result.code !== 0 && !losing) onLost()
      losing = result.code !== 0
      done(result)
    })
  return exporter
}

async function closeWithin(provider: BasicTracerProvider, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  // A collector that is away must not hold up the end.
  await Promise.race([provider.shutdown().catch(() => undefined), timeout])
  clearTimeout(timer)
}
