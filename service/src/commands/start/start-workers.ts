import closeWithGrace from 'close-with-grace'
import { formatAddress, refuseTakenAddress, toAddressError } from '../../address.ts'
import type { Config } from '../../config.ts'
import { type Log, openLog } from '../../log.ts'
import type { Runtime } from '../../runtime.ts'
import { forkWorker } from '../../workers/cluster-worker.ts'
import { type Supervisor, superviseWorkers } from '../../workers/supervise.ts'

/** How much longer than a worker its supervisor waits before it kills it, and before it ends itself, in milliseconds. */
const EXTRA_KILL_MS = 1000
const EXTRA_STOP_MS = 2000

/**
 * `start` with several workers: this process serves nobody; it starts the workers, keeps them up, adds up their metrics
 * and stops them on SIGTERM or SIGINT.
 *
 * @returns the exit code: that of the first worker where it could not start, and said why.
 * @throws {StartupError} when an address is taken.
 */
export async function startWorkers(config: Config, runtime: Pick<Runtime, 'monotonicMs'>): Promise<number> {
  await refuseTakenAddress(config)
  const { log, closeLog } = openLog({ level: config.logLevel })
  const metrics = await openMetrics(config)
  const supervisor = await superviseWorkers(config.workers, {
    fork: forkWorker,
    monotonicMs: () => runtime.monotonicMs(),
    onStarted: (pid) => log.info({ event: 'worker_started', pid }),
    onHung: (pid, silentMs) => log.error({ event: 'worker_hung', pid, silent_ms: Math.round(silentMs) }),
    onEnded: ({ pid, code, signal }, restartMs) =>
      log.error({ event: 'worker_ended', pid, code, signal, restart_ms: restartMs }),
  })
  const close = async () => {
    await metrics?.close()
    await closeLog()
  }
  if (!('stop' in supervisor)) {
    await close()
    return supervisor.code ?? 1
  }
  metrics?.countWorkers(() => supervisor.countAlive())
  stopOnSignal(supervisor, config, log, close)
  const { url, issuer, admin } = supervisor.address
  log.info({ event: 'listening', url, issuer, metrics: metrics?.url, admin, workers: config.workers })
  log.flush()
  return 0
}

function stopOnSignal(supervisor: Supervisor, config: Config, log: Log, close: () => Promise<void>): void {
  const delay = config.shutdownTimeoutMs + EXTRA_STOP_MS
  closeWithGrace({ delay, logger: undefined }, async ({ signal, err }) => {
    if (err !== undefined) log.error({ event: 'failure', error: err })
    log.info({ event: 'stopping', signal })
    const ends = await supervisor.stop(config.shutdownTimeoutMs + EXTRA_KILL_MS)
    log.info({ event: 'stopped' })
    await close()
    if (ends.some(({ code }) => code !== 0)) throw new Error('a worker was cut off')
  })
}

interface WorkersMetrics {
  readonly url: string
  countWorkers(read: () => number): void
  close(): Promise<void>
}

async function openMetrics({
  metricsHost: host,
  metricsPort: port,
}: Config): Promise<WorkersMetrics | undefined> {
  if (port === null) return undefined
  const [{ addUpMetrics }, { createMetricsServer }] = await Promise.all([
    import('../../observation/workers-metrics.ts'),
    import('../../http-metrics.ts'),
  ])
  const metrics = addUpMetrics()
  const server = createMetricsServer(metrics)
  try {
    const url = formatAddress({ host, port: await server.listen({ host, port }) })
    return { url, countWorkers: metrics.countWorkers, close: () => server.close() }
  } catch (error) {
    throw toAddressError({ host, port }, error, { host: '--metrics-host', port: '--metrics-port' })
  }
}
