import { TransportError } from '../transport-error.ts'

/** The end of an attempt: its time is up, or its caller has left. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Lets go of the timer and of the caller's signal. */
  end(): void
}

/** @throws The signal's reason if it is aborted already. */
export function startDeadline(timeoutMs: number, callers: AbortSignal | undefined): Deadline {
  callers?.throwIfAborted()
  const controller = new AbortController()
  const follow = () => controller.abort(callers?.reason)
  const timer = setTimeout(() => controller.abort(new TransportError('timeout')), timeoutMs)
  callers?.addEventListener('abort', follow)
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer)
      callers?.removeEventListener('abort', follow)
    },
  }
}
