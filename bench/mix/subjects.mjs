import { activeToken, INACTIVE, refusedKey, refusedScope } from './kinds.mjs'
import { EXCHANGES, exchangeOf, introspectionOf, STREAM, UPLOAD } from './requests.mjs'

/** @typedef {import('./expect.mjs').Want} Want */
/** @typedef {import('./requests.mjs').RawRequest} RawRequest */

/**
 * When a change counts, in milliseconds of the monotonic clock: an answer that ended before `oldUntil` must be the old
 * one, and one to a request that was begun after `newFrom` of its node the new one. Between them both are right. `madeOn` is the
 * node that made it.
 *
 * @typedef {{ sentAt: number, oldUntil: number, newFrom: number[], acknowledgedAt: number, lag: number, madeOn: number | undefined }} Phase
 */

/** @typedef {{ request: RawRequest, want: Want, became: Want, phase: Phase }} Way One way to ask about what is changed. */

const BOTH = `${UPLOAD} ${STREAM}`

/** A phase in which nothing has been changed yet. @param {number} nodes @returns {Phase} */
export const untouched = (nodes) => ({
  sentAt: Number.POSITIVE_INFINITY,
  oldUntil: Number.POSITIVE_INFINITY,
  newFrom: Array.from({ length: nodes }, () => Number.POSITIVE_INFINITY),
  acknowledgedAt: Number.POSITIVE_INFINITY,
  lag: 0,
  madeOn: undefined,
})

/** @param {Phase} phase @param {import('./expect.mjs').Answer} answer @param {number} node @returns {'old' | 'new' | 'either'} */
export function wantedOf(phase, answer, node) {
  if (answer.endedAt < phase.oldUntil) return 'old'
  return answer.startedAt > (phase.newFrom[node] ?? Number.POSITIVE_INFINITY) ? 'new' : 'either'
}

/**
 * Every way to exchange a key.
 *
 * @param {{ keyId: string, secret: string }} key
 * @param {'works' | 'refused' | 'lacks'} before
 * @param {'works' | 'refused' | 'lacks'} after
 * @param {Phase} phase
 * @returns {Way[]}
 */
export function exchangeWays({ keyId, secret }, before, after, phase) {
  return EXCHANGES.map((exchange) => {
    const wants = {
      works: { status: 200, token: { keyId, scope: BOTH } },
      refused: refusedKey(exchange),
      lacks: refusedScope(exchange),
    }
    return {
      request: exchangeOf(exchange, keyId, secret, BOTH),
      want: wants[before],
      became: wants[after],
      phase,
    }
  })
}

/**
 * To ask about a token.
 *
 * @param {string} verifier
 * @param {string} token
 * @param {any} claims
 * @param {boolean} dies
 * @param {Phase} phase
 * @returns {Way}
 */
export const tokenWay = (verifier, token, claims, dies, phase) => ({
  request: introspectionOf(verifier, token),
  want: activeToken(claims),
  became: dies ? INACTIVE : activeToken(claims),
  phase,
})
