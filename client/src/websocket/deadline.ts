import { TransportError } from '../transport-error.ts'

/** The end of an attempt: its time is up, or its caller has left. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Settles as the promise does, or rejects with the signal's reason. */
  race<T>(promise: Promise<T>): Promise<T>
  /** Lets go of the timer and of the caller's signal. */
  end(): void
}

/** @throws The signal's reason if it is aborted already. */
export function startDeadline(timeoutMs: number, callers: AbortSignal | undefined): Deadline {
  callers?.throwIfAborted()
  const controller = new AbortController()
  const { signal } = controller
  const follow = () => controller.abort(callers?.reason)
  const timer = setTimeout(() => controller.abort(new TransportError('timeout')), timeoutMs)
  callers?.addEventListener('abort', follow)
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
  aborted.catch(() => {})
  return {
    signal,
    race: (promise) => Promise.race([promise, aborted]),
    end() {
      clearTimeout(timer)
      callers?.removeEventListener('abort', follow)
    },
  }
}
