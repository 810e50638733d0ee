import {
  CLIENT_TOKENS_PATH,
  ERRORS,
  type ErrorRow,
  OAUTH_TOKEN_PATH,
  TOKEN_ENDPOINTS,
} from '@interhuman-auth/protocol'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { RequestRecord } from '../request-record.ts'
import { type ObservedState, watchState } from './state-metrics.ts'

/** What a scrape is answered with. */
export interface Exposition {
  readonly contentType: string
  readonly text: string
}

/**
 * What operators count of a running node. No label is anything that a client sent: routes come from the route table, error
 * ids from the catalogue, operations from the store's interface.
 */
export interface Metrics {
  observeRequest(record: RequestRecord): void
  /** @param answered whether the store answered, be it with an error of the caller's. */
  observeStore(operation: string, ms: number, answered: boolean): void
  /** Adds gauges that are read at each scrape. */
  watch(state: ObservedState): void
  format(): Promise<Exposition>
  /** Has them added up by the process that started this worker. */
  share(): Promise<void>
}

/** The endpoints whose 200 is a token. */
const ISSUING_ROUTES = [TOKEN_ENDPOINTS.v0, TOKEN_ENDPOINTS.v1, CLIENT_TOKENS_PATH, OAUTH_TOKEN_PATH]

const REQUEST_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const STORE_BUCKETS = [0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

/** How exactly the lag of the event loop is measured, in milliseconds: a timer as often. */
const EVENT_LOOP_PRECISION_MS = 20

/** Makes the metrics of a process. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS })
  new Gauge({
    name: 'interhuman_auth_build_info',
    help: 'Always 1; the version.',
    aggregator: 'first',
    labelNames: ['version'],
    registers,
  })
    .labels(version)
    .set(1)
  const countRequest = createRequestObserver(registers)
  const observeStore = createStoreObserver(registers)
  return {
    observeRequest: countRequest,
    observeStore,
    watch: (state) => watchState(state, registers),
    format: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    async share() {
      const { shareMetrics } = await import('./workers-metrics.ts')
      shareMetrics(registry)
    },
  }
}

/** What has labels is resolved once: a request costs two additions and no object. */
function createRequestObserver(registers: Registry[]): Metrics['observeRequest'] {
  const issued = new Counter({
    name: 'interhuman_auth_tokens_issued_total',
    help: 'Tokens issued and answered, by endpoint.',
    labelNames: ['endpoint'],
    registers,
  })
  const refused = new Counter({
    name: 'interhuman_auth_requests_refused_total',
    help: 'Requests answered with an error, by the id of the catalogue.',
    labelNames: ['error_id'],
    registers,
  })
  const durations = new Histogram({
    name: 'interhuman_auth_request_duration_seconds',
    help: 'From the arrival of the head to the end of the answer, by route and class of status.',
    labelNames: ['route', 'status'],
    buckets: REQUEST_BUCKETS,
    registers,
  })
  const issuedBy = new Map(ISSUING_ROUTES.map((route) => [route, issued.labels(route)]))
  const refusedBy = new Map(
    Object.values<ErrorRow>(ERRORS).map(({ id }) => [id as string, refused.labels(id)]),
  )
  const byStatus = new Map<string | null, Histogram.Internal<string>[]>()
  for (const counter of [...issuedBy.values(), ...refusedBy.values()]) counter.inc(0)
  return function observeRequest({ route, status, errorId, ms }) {
    if (status === 200 && route !== null) issuedBy.get(route)?.inc()
    if (errorId !== undefined) refusedBy.get(errorId)?.inc()
    let children = byStatus.get(route)
    if (children === undefined) {
      children = STATUS_CLASSES.map((name) => durations.labels(route ?? 'none', name))
      byStatus.set(route, children)
    }
    children[Math.trunc(status / 100)]?.observe(ms / 1000)
  }
}

/** By the first digit of the status; 0 is a client that went away before the answer. */
const STATUS_CLASSES = ['aborted', '1xx', '2xx', '3xx', '4xx', '5xx']

function createStoreObserver(registers: Registry[]): Metrics['observeStore'] {
  const durations = new Histogram({
    name: 'interhuman_auth_store_duration_seconds',
    help: 'Time of an operation of the store, by operation and whether the store answered.',
    labelNames: ['operation', 'answered'],
    buckets: STORE_BUCKETS,
    registers,
  })
  const up = new Gauge({
    name: 'interhuman_auth_store_up',
    help: '1 if the store answered the last operation, 0 if not.',
    aggregator: 'min',
    registers,
  })
  up.set(1)
  const children = {
    yes: new Map<string, Histogram.Internal<string>>(),
    no: new Map<string, Histogram.Internal<string>>(),
  }
  return function observeStore(operation, ms, answered) {
    const word = answered ? 'yes' : 'no'
    let child = children[word].get(operation)
    if (child === undefined) {
      child = durations.labels(operation, word)
      children[word].set(operation, child)
    }
    child.observe(ms / 1000)
    up.set(answered ? 1 : 0)
  }
}
