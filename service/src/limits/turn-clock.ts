/**
 * What a turn of the event loop may take while there is more to do than can be done: a hundredth of what it may take at most,
 * but at least so many milliseconds, which are some eighty tokens. It is what a request that is taken waits for others that
 * are, besides those that are refused.
 */
export const TARGET_MS = 10
const TARGET_SHARE = 1 / 100

/** For how long turn after turn must take longer than that, in milliseconds: a pause or a burst is not overload. */
export const INTERVAL_MS = 100

/** A process that rests for a larger part of the interval has time for everything, however unevenly it comes. */
const REST_SHARE = 1 / 10

/**
 * However much is refused, which takes time as well, this part of a turn goes to what is taken, up to so many
 * targets: a service that only refuses is of no use.
 */
const TAKEN_SHARE = 1 / 4
const MAX_TARGETS = 2

/** Knows how long requests wait for this process. */
export interface TurnClock {
  /**
   * Whether a request that is taken up now has waited for too long behind others of the same turn. The first of a turn never
   * has.
   */
  isTooLate(now: number): boolean
}

/**
 * Measures the turns of the event loop: everything that was waiting when the loop began to poll is taken up in one turn, so
 * that the time since it began is the time that a request has waited for this process.
 *
 * A queue that is worked off does no harm; one that stays only makes everybody wait, by its whole length (Nichols and
 * Jacobson, "Controlling Queue Delay", 2012; of servers: Maurer, "Fail at Scale", 2015). So the bound is `maxMs` until for {@link INTERVAL_MS} no turn was as short as
 * the target ({@link TARGET_MS}) and the process did not rest. From then on it is that target, until a turn is as short again.
 *
 * @param monotonicMs the clock that requests are opened by.
 * @param onTurnEnd calls what it is given at the end of this turn of the event loop.
 */
export function createTurnClock(
  maxMs: number,
  monotonicMs: () => number,
  onTurnEnd: (end: () => void) => void,
): TurnClock {
  const targetMs = Math.min(Math.max(TARGET_MS, maxMs * TARGET_SHARE), maxMs)
  let began: number | undefined
  let ended = Number.NEGATIVE_INFINITY
  let tookMs = 0
  let boundMs = maxMs
  // Of the interval that is looked at: since when every turn was too long, how much of it was rest.
  let longSince: number | undefined
  let restMs = 0
  let isOver = false

  const startInterval = (from: number | undefined) => {
    longSince = from
    restMs = 0
  }
  const judgeInterval = (now: number) => {
    if (longSince === undefined) return
    restMs += now - ended
    const lengthMs = now - longSince
    if (lengthMs < INTERVAL_MS) return
    isOver = restMs <= lengthMs * REST_SHARE
    startInterval(now)
  }
  const begin = (now: number) => {
    judgeInterval(now)
    const cutMs = Math.min(MAX_TARGETS * targetMs, Math.max(targetMs, tookMs * TAKEN_SHARE))
    boundMs = isOver ? Math.min(maxMs, cutMs) : maxMs
    began = now
    onTurnEnd(end)
  }
  const end = () => {
    ended = monotonicMs()
    tookMs = ended - (began ?? ended)
    began = undefined
    if (tookMs > targetMs) {
      if (longSince === undefined) startInterval(ended)
      return
    }
    isOver = false
    startInterval(undefined)
  }
  return {
    isTooLate(now) {
      if (began === undefined) begin(now)
      return now - (began ?? now) > boundMs
    },
  }
}
