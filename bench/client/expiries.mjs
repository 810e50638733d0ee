// A process of its own for each candidate: 1,000 callers over three lifetimes of a token, in virtual time, with one 503 and
// one wall clock that is set. Tells what it cost and who was failed.
import { installVirtualTime } from './virtual-time.mjs'

/** @typedef {{ candidate: string, jumpMs: number, everySeconds: number }} ExpiriesOrder */
/** @typedef {{ calls: number, exchanges: number, refused: number, failures: number, unhandled: number, longestMs: number }} Expiries */

const CALLERS = 1000
const time = installVirtualTime()
// Only now: what a library takes from the globals when it is loaded must be virtual as well.
const { CANDIDATES } = await import('./candidates.mjs')
const { LIFETIME_SECONDS, startVirtualService } = await import('./virtual-service.mjs')

const END_MS = 3 * LIFETIME_SECONDS * 1000

process.once('message', async (/** @type {ExpiriesOrder} */ order) => {
  process.send?.(await runExpiries(order), () => process.disconnect())
})

/** @param {ExpiriesOrder} order @returns {Promise<Expiries>} */
async function runExpiries({ candidate, jumpMs, everySeconds }) {
  const service = startVirtualService(time.now)
  const call = CANDIDATES[candidate]?.(service)
  if (call === undefined) throw new Error(`there is no candidate ${candidate}`)
  const result = { calls: 0, failures: 0, unhandled: 0, longestMs: 0 }
  let waiting = 0
  process.on('unhandledRejection', () => result.unhandled++)

  const attempt = async () => {
    const startedAt = time.now()
    waiting++
    result.calls++
    const isServed = await call().then(
      (status) => status === 200,
      () => false,
    )
    if (!isServed) result.failures++
    result.longestMs = Math.max(result.longestMs, time.now() - startedAt)
    waiting--
  }
  // All at once at the start, then spread evenly.
  const everyMs = everySeconds * 1000
  for (let caller = 0; caller < CALLERS; caller++) startCaller(attempt, everyMs, (everyMs * caller) / CALLERS)
  setTimeout(() => time.setWallClock(jumpMs), END_MS / 2)

  for (let at = 0; at <= END_MS; at = time.nextAt()) {
    time.advanceTo(at)
    await settle(() => waiting === 0)
  }
  return { ...result, ...service.count }
}

/** @param {() => Promise<void>} attempt @param {number} everyMs @param {number} offsetMs */
async function startCaller(attempt, everyMs, offsetMs) {
  for (let nextAt = everyMs + offsetMs; ; nextAt += everyMs) {
    await attempt()
    while (nextAt <= time.now()) nextAt += everyMs
    await new Promise((resolve) => setTimeout(resolve, nextAt - time.now()))
  }
}

/** Lets everything go on that waits for no timer: virtual time stands still meanwhile. @param {() => boolean} isQuiet */
async function settle(isQuiet) {
  for (let turn = 0; turn < 40; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    if (isQuiet()) return
  }
}
