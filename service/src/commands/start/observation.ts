import { type Address, formatAddress, toAddressError } from '../../address.ts'
import type { Config } from '../../config.ts'
import { observeStore, timeOperations } from '../../observation/observe-store.ts'
import type { ObservedState } from '../../observation/state-metrics.ts'
import type { RequestRecord } from '../../request-log.ts'
import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import { readVersion } from '../../version.ts'

/** What is watched of a running node: nothing at all, and nothing loaded, where no setting asks for it. */
export interface Observation {
  observeStore(store: Store): Store
  /** `undefined` where nobody counts. */
  readonly observeRequest: ((record: RequestRecord) => void) | undefined
  watch(state: ObservedState): void
  /** Resolves with the address of `/metrics`, or `undefined` where there is none. @throws {StartupError} when it is taken. */
  listen(): Promise<string | undefined>
  close(): Promise<void>
}

/** Opens what the settings ask for. */
export async function openObservation(
  { metricsHost: host, metricsPort: port }: Config,
  runtime: Pick<Runtime, 'monotonicMs'>,
): Promise<Observation> {
  if (port === null) return UNOBSERVED
  const [{ createMetrics }, { createMetricsServer }] = await Promise.all([
    import('../../observation/metrics.ts'),
    import('../../http-metrics.ts'),
  ])
  const metrics = createMetrics(readVersion())
  const server = createMetricsServer(metrics)
  const around = timeOperations(metrics.observeStore, () => runtime.monotonicMs())
  return {
    observeStore: (store) => observeStore(store, around),
    observeRequest: metrics.observeRequest,
    watch: (state) => metrics.watch(state),
    listen: () => listen(server, { host, port }),
    close: () => server.close(),
  }
}

const UNOBSERVED: Observation = {
  observeStore: (store) => store,
  observeRequest: undefined,
  watch: () => undefined,
  listen: async () => undefined,
  close: async () => undefined,
}

const FLAGS = { host: '--metrics-host', port: '--metrics-port' }

async function listen(
  server: { listen(address: Address): Promise<number> },
  address: Address,
): Promise<string> {
  try {
    return formatAddress({ host: address.host, port: await server.listen(address) })
  } catch (error) {
    throw toAddressError(address, error, FLAGS)
  }
}
