import { TransportError } from './transport-error.ts'

/** Waits for work that is under way. With a signal this waiter can leave, and the last one to leave ends the work. */
export type Join<T> = (signal?: AbortSignal) => Promise<T>

/**
 * What a flight does.
 *
 * @param signal Aborted when the last waiter has left or, with a {@link TransportError}, when the time is up.
 * @param race One at a time: settles as a promise does, or rejects when the flight is aborted, whatever the promise does then.
 * @param pause Keeps a program running: somebody waits.
 */
export type FlightWork<T> = (
  signal: AbortSignal,
  race: <U>(promise: Promise<U>) => Promise<U>,
  pause: (ms: number) => Promise<void>,
) => Promise<T>

/**
 * Starts work in the next microtask. A rejection of it is always taken care of.
 *
 * @param onEnd Called when nobody may join any more.
 */
export function startFlight<T>(work: FlightWork<T>, timeoutMs: number, onEnd: () => void): Join<T> {
  const controller = new AbortController()
  const { signal } = controller
  const limit = setTimeout(() => controller.abort(new TransportError('timeout')), timeoutMs)
  // Node's timer is an object, the browser's a number.
  ;(limit as { unref?(): void }).unref?.()
  let nap: ReturnType<typeof setTimeout> | undefined
  let waiters = 0

  const race = <U>(promise: Promise<U>) =>
    new Promise<U>((resolve, reject) => {
      signal.onabort = () => reject(signal.reason)
      Promise.resolve(promise).then(resolve, reject)
    })
  const pause = (ms: number) =>
    race<void>(
      new Promise((resolve) => {
        nap = setTimeout(resolve, ms)
      }),
    )
  const end = () => {
    clearTimeout(limit)
    clearTimeout(nap)
    onEnd()
    controller.abort()
  }
  const outcome = Promise.resolve()
    .then(() => work(signal, race, pause))
    .finally(() => {
      if (waiters) end()
    })
  outcome.catch(() => {})

  return (callers) => {
    // A waiter without a signal never leaves, and so there are never none left.
    waiters += callers ? 1 : 1e9
    if (!callers) return outcome
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(callers.reason)
        if (!--waiters) end()
      }
      callers.addEventListener('abort', leave, { signal })
      outcome.then(resolve, reject)
    })
  }
}
