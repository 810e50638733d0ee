import { randomInt } from 'node:crypto'

const FIRST_DELAY_MS = 200
const LONGEST_DELAY_MS = 2_000
/** Whoever is refused comes more seldom: each try counts as a failed one against its address. */
const LONGEST_DELAY_AFTER_REFUSAL_MS = 30_000

/**
 * How long to wait before a connection is made again: 200 ms at most at first, twice as long each time, 2 s at most, and
 * of that a random half or more, so that the guards of a node that went away do not come back all at once.
 *
 * After a 401 or 403 the longest is 30 s.
 *
 * @param failures connections in a row that came to nothing, 0 or more.
 * @param random whole numbers from 0 below its argument.
 */
export function reconnectDelayMs(
  failures: number,
  wasRefused: boolean,
  random: (below: number) => number = randomInt,
): number {
  const bound = wasRefused ? LONGEST_DELAY_AFTER_REFUSAL_MS : LONGEST_DELAY_MS
  const longest = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures, 10), bound)
  return longest / 2 + random(longest / 2 + 1)
}
