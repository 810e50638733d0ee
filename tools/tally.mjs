/**
 * What a run counted.
 *
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {{ name: string, reason: string }[]} skipped
 */

/** @returns {Tally} */
export function emptyTally() {
  return { passed: 0, failed: 0, skipped: [] }
}

/**
 * Counts passes and failures.
 *
 * @param {readonly boolean[]} outcomes
 * @returns {Tally}
 */
export function tallyOf(outcomes) {
  const passed = outcomes.filter(Boolean).length
  return { passed, failed: outcomes.length - passed, skipped: [] }
}

/**
 * @param {readonly Tally[]} tallies
 * @returns {Tally}
 */
export function addTallies(tallies) {
  return {
    passed: tallies.reduce((sum, tally) => sum + tally.passed, 0),
    failed: tallies.reduce((sum, tally) => sum + tally.failed, 0),
    skipped: tallies.flatMap((tally) => tally.skipped),
  }
}

/**
 * Writes the closing lines: each skipped test with its reason, then the count, which scripts read.
 *
 * @param {Tally} tally
 * @returns {string}
 */
export function formatTally({ passed, failed, skipped }) {
  const reasons = skipped.map(({ name, reason }) => `skipped: ${name}: ${reason}\n`).join('')
  const count = `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`
  return `\n${reasons}${count}\n`
}
