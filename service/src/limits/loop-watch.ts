import { ERRORS } from '@interhuman-auth/protocol'
import { retryLater } from '../api-error.ts'

/** Looks at whether the event loop turns. */
export interface LoopWatch {
  /**
   * Says so when the loop stood still for too long a short while ago. While it stands still nobody is answered at all.
   *
   * @throws {ApiError} `ih1003`
   */
  refuseStuck(): void
  /** Ends the watch. */
  close(): void
}

/** How often the loop is looked at, for how long it must have stood still, and how long that is told; milliseconds. */
export interface LoopWatchOptions {
  readonly sampleMs: number
  readonly stuckMs: number
  readonly tellMs: number
}

/** One second of standing still is told for ten, so that a probe every few seconds hears of it. */
const OPTIONS: LoopWatchOptions = { sampleMs: 100, stuckMs: 1000, tellMs: 10_000 }

/**
 * Begins to look.
 *
 * @param monotonicMs milliseconds from any fixed moment.
 */
export function watchLoop(monotonicMs: () => number, options: LoopWatchOptions = OPTIONS): LoopWatch {
  const { sampleMs, stuckMs, tellMs } = options
  let sampledAt = monotonicMs()
  let toldUntil = Number.NEGATIVE_INFINITY
  const sample = () => {
    const now = monotonicMs()
    if (now - sampledAt >= sampleMs + stuckMs) toldUntil = now + tellMs
    sampledAt = now
  }
  const timer = setInterval(sample, sampleMs).unref()
  return {
    refuseStuck() {
      // Whoever asks may come before the timer, in the very turn that was too long.
      sample()
      if (sampledAt < toldUntil) throw retryLater(ERRORS.unavailable, Math.ceil(tellMs / 1000))
    },
    close: () => clearInterval(timer),
  }
}
