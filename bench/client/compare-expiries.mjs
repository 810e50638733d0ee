import { runPart } from './run-part.mjs'

/** @typedef {import('./expiries.mjs').Expiries & { name: string }} Row */

/** What candidates.mjs has; ours is the first. */
const NAMES = {
  ours: '`createFetch(reuse(…))`',
  azure: '`@azure/core-rest-pipeline`, bearer policy',
  google: '`google-auth-library`, `refreshHandler`',
  openid: '`openid-client`, grant kept',
  simple: '`simple-oauth2`, `expired(300)`',
  byHand: 'by hand, 60 s early',
}

/**
 * Every candidate in a process of its own, through the same three expiries. Nothing in it depends on the machine: time is
 * virtual and chance is seeded.
 *
 * @param {number} jumpMs How far the wall clock is set, halfway.
 * @param {number} everySeconds How often each caller calls.
 * @returns {Promise<Row[]>}
 */
export async function compareExpiries(jumpMs, everySeconds) {
  const rows = []
  for (const [candidate, name] of Object.entries(NAMES))
    rows.push({ name, ...(await runPart('expiries.mjs', { candidate, jumpMs, everySeconds })) })
  return rows
}

/**
 * Our exchanges beside the fewest of those that failed no more calls than we did: whoever goes on with a dead token makes
 * fewer, and fails. One that made fewer than ours makes this more than 1.
 *
 * @param {readonly Row[]} rows
 */
export function exchangesBesideFewest([ours, ...others]) {
  if (ours === undefined) return Number.NaN
  const peers = others.filter(({ failures }) => failures <= ours.failures)
  return ours.exchanges / Math.min(ours.exchanges, ...peers.map(({ exchanges }) => exchanges))
}
