import { TransportError } from './transport-error.ts'

/** What the work of a flight is told. */
export interface FlightDeck {
  /** Aborted when the time is up or the last waiter has left. */
  readonly signal: AbortSignal
  /** Settles as the promise does, or rejects when the flight is aborted, whatever the promise does then. */
  race<T>(promise: Promise<T>): Promise<T>
  /** Keeps a program running: somebody waits. */
  pause(ms: number): Promise<void>
}

/** Work that is under way, shared by whoever joins. */
export interface Flight<T> {
  /** Waits for the outcome. With a signal this waiter can leave, and the last one to leave ends the work; without, nobody can. */
  join(signal?: AbortSignal): Promise<T>
}

/**
 * Starts work in the next microtask. A rejection of it is always taken care of.
 *
 * @param onEnd Called when nobody may join any more.
 */
export function startFlight<T>(
  work: (deck: FlightDeck) => Promise<T>,
  timeoutMs: number,
  onEnd: () => void,
): Flight<T> {
  const controller = new AbortController()
  const { signal } = controller
  const aborted = new Promise<never>((_, reject) => {
    signal.onabort = () => reject(signal.reason)
  })
  let nap: ReturnType<typeof setTimeout> | undefined
  const limit = setTimeout(() => controller.abort(new TransportError('timeout')), timeoutMs)
  // Node's timer is an object, the browser's a number.
  ;(limit as { unref?(): void }).unref?.()

  const race = <U>(promise: Promise<U>) => Promise.race([promise, aborted])
  const pause = (ms: number) =>
    race(
      new Promise<void>((resolve) => {
        nap = setTimeout(resolve, ms)
      }),
    )
  const outcome = Promise.resolve({ signal, race, pause })
    .then(work)
    .finally(() => {
      clearTimeout(limit)
      clearTimeout(nap)
      onEnd()
    })
  for (const promise of [outcome, aborted]) promise.catch(() => {})

  let waiters = 0
  return {
    join(callers) {
      waiters += callers ? 1 : Number.POSITIVE_INFINITY
      if (!callers) return outcome
      return new Promise((resolve, reject) => {
        const leave = () => {
          reject(callers.reason)
          if (--waiters === 0) {
            onEnd()
            controller.abort(callers.reason)
          }
        }
        callers.addEventListener('abort', leave)
        outcome.finally(() => callers.removeEventListener('abort', leave)).then(resolve, reject)
      })
    },
  }
}
