/** @typedef {{ share(): number, below(bound: number): number, of<T>(list: readonly T[]): T, gap(mean: number): number }} Random */

/**
 * Random numbers that are the same for the same seed (mulberry32).
 *
 * @param {number} seed
 * @returns {Random}
 */
export function createRandom(seed) {
  let state = seed >>> 0
  const share = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (/** @type {number} */ bound) => Math.floor(share() * bound)
  return {
    share,
    below,
    of(list) {
      const one = list[below(list.length)]
      if (one === undefined) throw new Error('there is nothing to choose from')
      return one
    },
    // As between arrivals of many callers that know nothing of each other.
    gap: (mean) => -Math.log(1 - share()) * mean,
  }
}
