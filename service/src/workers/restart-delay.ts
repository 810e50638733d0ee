const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 30_000

/** A worker that was up for so long did not fail at its start. */
const LASTING_MS = 60_000

/**
 * How long to wait before another worker takes the place of one that ended: twice as long each time, until one lasts.
 *
 * @param failures how many before it did not last.
 * @param livedMs how long this one was up.
 */
export function restartDelayMs(failures: number, livedMs: number): { delayMs: number; failures: number } {
  const before = livedMs >= LASTING_MS ? 0 : failures
  return { delayMs: Math.min(FIRST_DELAY_MS * 2 ** before, MAX_DELAY_MS), failures: before + 1 }
}
