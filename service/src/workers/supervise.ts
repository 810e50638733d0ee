import { type Beating, watchHeartbeats } from './heartbeat.ts'
import { restartDelayMs } from './restart-delay.ts'

/** What a worker says once it listens. */
export interface WorkerAddress {
  readonly url: string
  readonly issuer: string
  /** Of the operator's API, where it is served; the workers share it like the other one. */
  readonly admin?: string | undefined
}

/** How a worker ended. */
export interface WorkerEnd {
  readonly pid: number | undefined
  readonly code: number | null
  readonly signal: string | null
}

/** A worker as its supervisor sees it. */
export interface WorkerProcess extends Beating {
  readonly pid: number | undefined
  /** Asks it to finish the requests in flight and end. */
  stop(): void
  /** Ends it at once, whatever it does. */
  kill(): void
  /** Resolves once, when it listens. */
  readonly listening: Promise<WorkerAddress>
  /** Resolves once, when it has ended. */
  readonly ended: Promise<WorkerEnd>
}

/** What supervising needs from outside. */
export interface SuperviseDependencies {
  fork(): WorkerProcess
  /** Milliseconds from any fixed moment. */
  monotonicMs(): number
  onStarted(pid: number | undefined): void
  /** It is killed at once, so that {@link onEnded} follows. @param silentMs for how long nothing was heard of it. */
  onHung(pid: number | undefined, silentMs: number): void
  /** @param restartMs when there will be another, in milliseconds. */
  onEnded(end: WorkerEnd, restartMs: number): void
}

/** Keeps a number of workers up. */
export interface Supervisor {
  readonly address: WorkerAddress
  /** How many of the workers are up. */
  countAlive(): number
  /** Stops them all, and kills those that have not ended after a time, in milliseconds. @returns how they ended. */
  stop(killAfterMs: number): Promise<readonly WorkerEnd[]>
}

/**
 * Starts workers and keeps them up: one that ends is replaced, later and later where it does not last, and so is one whose
 * event loop hangs, which is killed. The first one starts alone, so that what stops a start is told once, and a schema is brought up to date by one.
 *
 * @returns how the first worker ended, where it ended before it listened.
 */
export async function superviseWorkers(
  count: number,
  dependencies: SuperviseDependencies,
): Promise<Supervisor | WorkerEnd> {
  const beats = watchHeartbeats<WorkerProcess>(
    () => dependencies.monotonicMs(),
    (worker, silentMs) => {
      dependencies.onHung(worker.pid, silentMs)
      worker.kill()
    },
  )
  const fork = () => {
    const worker = dependencies.fork()
    beats.add(worker)
    void worker.ended.then(() => beats.remove(worker))
    return worker
  }
  const first = fork()
  const begun = await Promise.race([first.listening, first.ended])
  if (!('url' in begun)) {
    beats.close()
    return begun
  }
  dependencies.onStarted(first.pid)
  const alive = new Set<WorkerProcess>()
  const restarts = new Set<NodeJS.Timeout>()
  let stopping = false

  const keepUp = async (worker: WorkerProcess, failures: number, begunAtMs: number) => {
    alive.add(worker)
    const end = await worker.ended
    alive.delete(worker)
    if (stopping) return
    const { delayMs, failures: now } = restartDelayMs(failures, dependencies.monotonicMs() - begunAtMs)
    dependencies.onEnded(end, delayMs)
    const timer = setTimeout(() => {
      restarts.delete(timer)
      void begin(now)
    }, delayMs)
    restarts.add(timer)
  }

  const begin = (failures: number): Promise<unknown> => {
    const worker = fork()
    void keepUp(worker, failures, dependencies.monotonicMs())
    const started = worker.listening.then(() => dependencies.onStarted(worker.pid))
    return Promise.race([started, worker.ended])
  }

  void keepUp(first, 0, dependencies.monotonicMs())
  await Promise.all(Array.from({ length: count - 1 }, () => begin(0)))
  return {
    address: begun,
    countAlive: () => alive.size,
    async stop(killAfterMs) {
      stopping = true
      for (const timer of restarts) clearTimeout(timer)
      const ending = [...alive]
      for (const worker of ending) worker.stop()
      const killing = setTimeout(() => {
        for (const worker of alive) worker.kill()
      }, killAfterMs)
      const ends = await Promise.all(ending.map(({ ended }) => ended))
      clearTimeout(killing)
      beats.close()
      return ends
    },
  }
}
