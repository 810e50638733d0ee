/** @typedef {{ promise: string, measured: number, bound: number, unit: string }} Target */

/**
 * Writes the table of what an issued token costs.
 *
 * @param {readonly import('./issuing.mjs').Row[]} rows
 */
export function formatIssuing(rows) {
  return table(
    ['', 'CPU µs a token', '× floor', 'tokens/s', 'p50 ms', 'p99 ms', 'RSS MB'],
    rows.map((row) => [
      row.name,
      row.cpu.toFixed(1),
      row.ratio.toFixed(2),
      row.perSecond.toFixed(0),
      (row.p50 / 1000).toFixed(2),
      (row.p99 / 1000).toFixed(2),
      row.megabytes.toFixed(0),
    ]),
  )
}

/** @param {readonly import('./times.mjs').Time[]} times */
export function formatTimes(times) {
  return table(
    ['', 'wall ms', '× first row'],
    times.map((time) => [time.name, time.ms.toFixed(0), time.ratio.toFixed(2)]),
  )
}

/** @param {readonly Target[]} targets */
export function formatTargets(targets) {
  return table(
    ['promise', 'bound', 'measured', ''],
    targets.map(({ promise, bound, measured, unit }) => [
      promise,
      `≤ ${bound}${unit}`,
      `${unit === ' MB' ? measured.toFixed(0) : measured.toFixed(2)}${unit}`,
      measured <= bound ? 'held' : '**missed**',
    ]),
  )
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  )
}
