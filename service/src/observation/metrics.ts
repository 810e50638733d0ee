import {
  CLIENT_TOKENS_PATH,
  ERRORS,
  type ErrorRow,
  OAUTH_TOKEN_PATH,
  TOKEN_ENDPOINTS,
} from '@interhuman-auth/protocol'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { RequestRecord } from '../request-record.ts'
import { createHistogram, type Series } from './histogram.ts'
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

/** A request costs additions: what prom-client counts by itself is handed to it when it is asked for. */
function createRequestObserver(registers: Registry[]): Metrics['observeRequest'] {
  const issued = countBy(registers, {
    name: 'interhuman_auth_tokens_issued_total',
    help: 'Tokens issued and answered, by endpoint.',
    label: 'endpoint',
    values: ISSUING_ROUTES,
  })
  const refused = countBy(registers, {
    name: 'interhuman_auth_requests_refused_total',
    help: 'Requests answered with an error, by the id of the catalogue.',
    label: 'error_id',
    values: Object.values<ErrorRow>(ERRORS).map(({ id }) => id),
  })
  const openDurations = createHistogram(
    {
      name: 'interhuman_auth_request_duration_seconds',
      help: 'From the arrival of the head to the end of the answer, by route and class of status.',
      buckets: REQUEST_BUCKETS,
    },
    registers,
  )
  const byStatus = new Map<string | null, readonly Series[]>()
  return function observeRequest({ route, status, errorId, ms }) {
    if (status === 200 && route !== null) issued(route)
    if (errorId !== undefined) refused(errorId)
    let series = byStatus.get(route)
    if (series === undefined) {
      series = STATUS_CLASSES.map((name) => openDurations({ route: route ?? 'none', status: name }))
      byStatus.set(route, series)
    }
    series[Math.trunc(status / 100)]?.observe(ms / 1000)
  }
}

/** By the first digit of the status; 0 is a client that went away before the answer. */
const STATUS_CLASSES = ['aborted', '1xx', '2xx', '3xx', '4xx', '5xx']

/** A counter with one label, of which only these values count; each is there from the beginning. */
function countBy(
  registers: Registry[],
  { name, help, label, values }: { name: string; help: string; label: string; values: readonly string[] },
): (value: string) => void {
  const counts = new Map(values.map((value) => [value, 0]))
  new Counter({
    name,
    help,
    labelNames: [label],
    registers,
    collect() {
      this.reset()
      for (const [value, count] of counts) this.labels(value).inc(count)
    },
  })
  return function count(value) {
    const before = counts.get(value)
    if (before !== undefined) counts.set(value, before + 1)
  }
}

function createStoreObserver(registers: Registry[]): Metrics['observeStore'] {
  const openDurations = createHistogram(
    {
      name: 'interhuman_auth_store_duration_seconds',
      help: 'Time of an operation of the store, by operation and whether the store answered.',
      buckets: STORE_BUCKETS,
    },
    registers,
  )
  let isUp = true
  new Gauge({
    name: 'interhuman_auth_store_up',
    help: '1 if the store answered the last operation, 0 if not.',
    aggregator: 'min',
    registers,
    collect() {
      this.set(isUp ? 1 : 0)
    },
  })
  const series = { yes: new Map<string, Series>(), no: new Map<string, Series>() }
  return function observeStore(operation, ms, answered) {
    const word = answered ? 'yes' : 'no'
    let known = series[word].get(operation)
    if (known === undefined) {
      known = openDurations({ operation, answered: word })
      series[word].set(operation, known)
    }
    known.observe(ms / 1000)
    isUp = answered
  }
}
