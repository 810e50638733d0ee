import { ERRORS } from '@interhuman-auth/protocol'
import { type ApiError, retryLater } from '../api-error.ts'
import { createTurnClock } from './turn-clock.ts'

/** How much the machine is given to do. */
export interface LoadBounds {
  /** Most requests that are worked on at once; their bodies have arrived. */
  readonly maxInFlight: number
  /** Longest time that the event loop may take for one turn, in milliseconds. */
  readonly maxLoopDelayMs: number
}

/**
 * Refuses work beyond what the machine can do, so that what is taken is answered in time. Asking costs a comparison or
 * two; refusing costs a fraction of the work.
 */
export interface LoadShed {
  /**
   * The error for a request whose turn comes too late: what came before it in the same turn of the event loop has taken too
   * long already, or too much is under way. What is too long for one turn is `maxLoopDelayMs`, and a few milliseconds once
   * turn after turn takes longer than that: a burst is worked off, a queue that stays is cut short.
   *
   * @param now milliseconds of the clock that was handed in.
   * @returns `ih1003`, or `undefined` for a request that is taken. Not thrown: to throw costs more than all the asking.
   */
  judge(now: number): ApiError | undefined
  /** Counts a request as under way, whose body has arrived; {@link end} must follow. @throws {ApiError} `ih1003` */
  begin(now: number): void
  end(): void
}

/** When a client may come again, in seconds: a queue of this service is never longer. */
const RETRY_AFTER_SECONDS = 1

/**
 * Makes the one guard of a process's load.
 *
 * @param monotonicMs the clock that the bounds are measured by.
 * @param onTurnEnd calls what it is given at the end of this turn of the event loop.
 */
export function createLoadShed(
  { maxInFlight, maxLoopDelayMs }: LoadBounds,
  monotonicMs: () => number,
  onTurnEnd: (end: () => void) => void = setImmediate,
): LoadShed {
  // One for all: what an error costs is above all its stack.
  const overloaded = retryLater(ERRORS.unavailable, RETRY_AFTER_SECONDS)
  const turns = createTurnClock(maxLoopDelayMs, monotonicMs, onTurnEnd)
  let inFlight = 0
  const judge = (now: number) => (turns.isTooLate(now) || inFlight >= maxInFlight ? overloaded : undefined)
  return {
    judge,
    begin(now) {
      const error = judge(now)
      if (error !== undefined) throw error
      inFlight += 1
    },
    end() {
      inFlight -= 1
    },
  }
}
