/** @typedef {import('./load.mjs').Result} Result */
/** @typedef {import('./wire.mjs').Mode} Mode */
/** @typedef {(order: import('./load.mjs').Order) => Promise<Result>} RunLoad */
/** @typedef {{ stepMs: number, holdMs: number, halvings: number, first: number, most: number }} Plan `most`: requests a second above which nothing is tried. */
/** @typedef {{ mode: Mode, perSecond: number, result: Result, searched: Result[], tries: number }} Held */

/** A rate is held while of a hundred answers 99 come within so many milliseconds of when their request was due. */
export const P99_BOUND_MS = 250
/** Nor is more than one of so many shed. */
export const MAX_SHED_ONE_OF = 1000
/** What a search found in seconds need not be held for minutes. */
const MAX_TRIES = 10
const STEP_DOWN = 0.85

/** @param {Result} result */
export const isHeld = ({ overrun, sheds, sent, p99 }) =>
  !overrun && sheds * MAX_SHED_ONE_OF <= sent && p99 <= P99_BOUND_MS

/**
 * Finds the highest rate that is held, and holds it.
 *
 * @param {RunLoad} run
 * @param {Mode} mode
 * @param {Plan} plan
 * @param {(step: string) => void} say
 * @returns {Promise<Held>}
 */
export async function holdHighest(run, mode, plan, say) {
  /** @type {Result[]} */
  const searched = []
  const attempt = async (/** @type {number} */ perSecond, /** @type {number} */ ms) => {
    const result = await run({ mode, perSecond, ms, boundMs: P99_BOUND_MS })
    const { seconds, p99, wrong, sheds } = result
    say(
      `${mode}: ${perSecond}/s, ${seconds.toFixed(0)} s, p99 ${p99.toFixed(0)} ms, ${wrong} wrong, ${sheds} shed`,
    )
    return result
  }
  const isHeldShortly = async (/** @type {number} */ perSecond) => {
    // What else the machine has to do can spoil a few seconds.
    for (const _ of [1, 2]) {
      const result = await attempt(perSecond, plan.stepMs)
      searched.push(result)
      if (isHeld(result)) return true
    }
    return false
  }
  searched.push(await attempt(plan.first, plan.stepMs))
  let [low, high] = [0, plan.first]
  while (high <= plan.most && (await isHeldShortly(high))) [low, high] = [high, high * 2]
  for (let halving = 0; halving < plan.halvings; halving++) {
    const middle = Math.round((low + high) / 2)
    if (await isHeldShortly(middle)) low = middle
    else high = middle
  }
  for (let tries = 1, perSecond = Math.max(low, 1); ; tries++) {
    const result = await attempt(perSecond, plan.holdMs)
    if (isHeld(result) || tries === MAX_TRIES) return { mode, perSecond, result, searched, tries }
    searched.push(result)
    perSecond = Math.round(perSecond * STEP_DOWN)
  }
}
