import { median } from './processes.mjs'

/** @typedef {{ promise: string, measured: number, bound: number, unit: string, isExact?: boolean }} Target */

/**
 * Writes the table of what an issued token costs.
 *
 * @param {readonly import('./issuing.mjs').Row[]} rows
 */
export function formatIssuing(rows) {
  return formatTable(
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
  return formatTable(
    ['', 'wall ms', '× first row'],
    times.map((time) => [time.name, time.ms.toFixed(0), time.ratio.toFixed(2)]),
  )
}

/** @param {readonly Target[]} targets */
export function formatTargets(targets) {
  return formatTable(
    ['promise', 'bound', 'measured', ''],
    targets.map(({ promise, bound, measured, unit, isExact }) => [
      promise,
      `${isExact ? '=' : '≤'} ${bound}${unit}`,
      `${unit.includes('×') ? measured.toFixed(2) : measured.toFixed(0)}${unit}`,
      (isExact ? measured === bound : measured <= bound) ? 'held' : '**missed**',
    ]),
  )
}

/** @param {readonly import('./issuing.mjs').Memory[]} ways @param {string} store @returns {Target[]} */
export const memoryTargets = (ways, store) =>
  ways.map(({ way, answered, megabytes }) => ({
    promise: `RSS after ${answered.toLocaleString('en')} requests over 1,000,000 keys in ${store}, ${way}`,
    measured: megabytes,
    bound: 180,
    unit: ' MB',
  }))

/** @param {import('./start-up.mjs').StartUp} startUp */
export function formatStartUp({ toFirst, toByte }) {
  return formatTable(
    ['', 'first input or output ms', '× first row', 'first byte out ms', '× first row'],
    toFirst.map(({ name, ms, ratio }, index) => [
      name,
      ms.toFixed(0),
      ratio.toFixed(2),
      (toByte[index]?.ms ?? Number.NaN).toFixed(0),
      (toByte[index]?.ratio ?? Number.NaN).toFixed(2),
    ]),
  )
}

/** @param {readonly import('./client/carrying.mjs').Carrying[]} kinds */
export function formatCarrying(kinds) {
  return formatTable(
    ['called with', '`fetch`', '`createFetch`', 'ratio'],
    kinds.map(({ name, bare, carried }) => [
      name,
      median(bare).toFixed(1),
      median(carried).toFixed(1),
      median(carried.map((micros, round) => micros / (bare[round] ?? Number.NaN))).toFixed(2),
    ]),
  )
}

/** @param {readonly import('./client/compare-expiries.mjs').Row[]} rows */
export function formatExpiries(rows) {
  return formatTable(
    ['', 'exchanges', 'failed calls', 'longest wait s'],
    rows.map(({ name, exchanges, failures, longestMs, unhandled }) => [
      name,
      String(exchanges),
      unhandled === 0 ? String(failures) : `${failures}, and ${unhandled} unhandled rejections`,
      (longestMs / 1000).toFixed(1),
    ]),
  )
}

/** Writes a table. @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export function formatTable(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  )
}
