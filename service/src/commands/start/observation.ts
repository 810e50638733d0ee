import { type Address, formatAddress, toAddressError } from '../../address.ts'
import type { Config } from '../../config.ts'
import type { HttpServer, HttpServerDependencies } from '../../http-server.ts'
import { type Log, openLog } from '../../log.ts'
import type { Metrics } from '../../observation/metrics.ts'
import { type Around, observeStore, timeOperations } from '../../observation/observe-store.ts'
import type { ObservedState } from '../../observation/state-metrics.ts'
import type { Traces } from '../../observation/traces.ts'
import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import { readVersion } from '../../version.ts'

/** What operators see of a running node: the log; metrics and traces where a setting asks for them, and else not loaded. */
export interface Observation {
  readonly log: Log
  /** The last thing of all. */
  closeLog(): Promise<void>
  /** What the HTTP server tells of its requests. */
  readonly requests: Pick<HttpServerDependencies, 'observeRequest' | 'openTrace'>
  observeStore(store: Store): Store
  /** Makes each call of a function that signs a span. */
  observeSigning<A extends unknown[], R>(sign: (...args: A) => R): (...args: A) => R
  watch(state: ObservedState): void
  /** Resolves with the address of `/metrics`, or `undefined` where there is none. @throws {StartupError} when it is taken. */
  listen(): Promise<string | undefined>
  /** Ends metrics and traces. */
  close(): Promise<void>
}

/**
 * Opens what the settings ask for.
 *
 * @param worker which of several workers this process is: their lines say so, and their metrics are added up elsewhere.
 */
export async function openObservation(
  config: Config,
  runtime: Pick<Runtime, 'monotonicMs'>,
  worker?: number,
): Promise<Observation> {
  const { log, closeLog } = openLog({ level: config.logLevel, worker })
  const measured = await openMetrics(config, worker !== undefined)
  const traces = await loadTraces(config, log)
  const arounds: Around[] = []
  if (measured !== undefined)
    arounds.push(timeOperations(measured.metrics.observeStore, () => runtime.monotonicMs()))
  if (traces !== undefined) arounds.push(traces.aroundStore)
  return {
    log,
    closeLog,
    requests: { observeRequest: measured?.metrics.observeRequest, openTrace: traces?.openRequest },
    observeStore: (store) => arounds.reduce(observeStore, store),
    observeSigning: (sign) => traces?.traceCalls('sign', sign) ?? sign,
    watch: (state) => measured?.metrics.watch(state),
    listen: async () => measured?.listen(),
    async close() {
      await measured?.server.close()
      await traces?.close()
    },
  }
}

interface Measured {
  readonly metrics: Metrics
  readonly server: HttpServer
  listen(): Promise<string | undefined>
}

async function openMetrics(
  { metricsHost: host, metricsPort: port }: Config,
  isWorker: boolean,
): Promise<Measured | undefined> {
  if (port === null) return undefined
  const [{ createMetrics }, { createMetricsServer }] = await Promise.all([
    import('../../observation/metrics.ts'),
    import('../../http-metrics.ts'),
  ])
  const metrics = createMetrics(readVersion())
  const server = createMetricsServer(metrics)
  if (isWorker) {
    await metrics.share()
    return { metrics, server, listen: async () => undefined }
  }
  return { metrics, server, listen: () => listen(server, { host, port }) }
}

async function loadTraces(config: Config, log: Log): Promise<Traces | undefined> {
  if (config.otlpEndpoint === null) return undefined
  const { openTraces } = await import('../../observation/traces.ts')
  return openTraces({
    endpoint: config.otlpEndpoint,
    headers: config.otlpHeaders ?? {},
    serviceName: config.otelServiceName,
    serviceVersion: readVersion(),
    sampler: config.otelSampler,
    ratio: config.otelSamplerRatio,
    onLost: () => log.error({ event: 'traces_lost' }),
  })
}

const FLAGS = { host: '--metrics-host', port: '--metrics-port' }

async function listen(server: HttpServer, address: Address): Promise<string> {
  try {
    return formatAddress({ host: address.host, port: await server.listen(address) })
  } catch (error) {
    throw toAddressError(address, error, FLAGS)
  }
}
