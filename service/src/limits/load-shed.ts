import { ERRORS } from '@interhuman-auth/protocol'
import { retryLater } from '../api-error.ts'

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
   * Refuses a request whose turn comes too late: what came before it in the same turn of the event loop has taken too
   * long already, or too much is under way.
   *
   * @param now milliseconds of the clock that the bounds are measured by.
   * @throws {ApiError} `ih1003`
   */
  refuseOverload(now: number): void
  /** Does the same, and counts a request as under way; {@link end} must follow. @throws {ApiError} `ih1003` */
  begin(now: number): void
  end(): void
}

/** When a client may come again, in seconds: a queue of this service is never longer. */
const RETRY_AFTER_SECONDS = 1

/** Makes the one guard of a process's load. */
export function createLoadShed({ maxInFlight, maxLoopDelayMs }: LoadBounds): LoadShed {
  // One for all: what an error costs is above all its stack.
  const overloaded = retryLater(ERRORS.unavailable, RETRY_AFTER_SECONDS)
  let inFlight = 0
  let turnBegan: number | undefined
  const endTurn = () => {
    turnBegan = undefined
  }
  const refuseOverload = (now: number) => {
    // Everything that was waiting when the loop began to poll is taken in one turn, and `setImmediate` comes behind it.
    if (turnBegan === undefined) {
      turnBegan = now
      setImmediate(endTurn)
    }
    if (inFlight >= maxInFlight || now - turnBegan > maxLoopDelayMs) throw overloaded
  }
  return {
    refuseOverload,
    begin(now) {
      refuseOverload(now)
      inFlight += 1
    },
    end() {
      inFlight -= 1
    },
  }
}
