import { randomInt } from 'node:crypto'

const FIRST_DELAY_MS = 200
const LONGEST_DELAY_MS = 2_000

/**
 * How long to wait before a connection is made again: 200 ms at most at first, twice as long each time, 2 s at most, and
 * of that a random half or more, so that the guards of a node that went away do not come back all at once.
 *
 * @param failures connections in a row that came to nothing, 0 or more.
 * @param random whole numbers from 0 below its argument.
 */
export function reconnectDelayMs(failures: number, random: (below: number) => number = randomInt): number {
  const longest = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures, 10), LONGEST_DELAY_MS)
  return longest / 2 + random(longest / 2 + 1)
}
