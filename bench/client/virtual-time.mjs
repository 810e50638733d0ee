// Time in the hand of a benchmark: a lifetime of fifteen minutes passes in no time, on both clocks, and a run can be
// repeated to the letter. Libraries take their clock and their timers from the globals, so those are replaced.

/** @typedef {{ dueAt: number, call: () => void, everyMs: number | undefined }} Entry */

const START = Date.UTC(2026, 0, 1)
const RealDate = Date

/** Puts a virtual clock in the place of `Date`, `performance.now` and the timers, and a seeded `Math.random`. */
export function installVirtualTime() {
  let now = 0
  let wallStart = START
  /** @type {Entry[]} */
  const queue = []

  class VirtualDate extends RealDate {
    /** @param {any[]} args */
    constructor(...args) {
      super(.../** @type {[]} */ (args.length === 0 ? [wallStart + now] : args))
    }

    /** @override */
    static now() {
      return wallStart + now
    }
  }

  class Timer {
    /** @param {Entry} entry */
    constructor(entry) {
      this.entry = entry
    }

    ref() {
      return this
    }

    unref() {
      return this
    }
  }

  /** @param {Entry} entry */
  const enqueue = (entry) => {
    let index = queue.length
    while (index > 0 && /** @type {Entry} */ (queue[index - 1]).dueAt > entry.dueAt) index--
    queue.splice(index, 0, entry)
  }
  const timers = (/** @type {boolean} */ repeats) => {
    return (/** @type {(...args: any[]) => void} */ call, ms = 0, /** @type {any[]} */ ...args) => {
      const wait = Math.max(1, ms)
      const entry = { dueAt: now + wait, call: () => call(...args), everyMs: repeats ? wait : undefined }
      enqueue(entry)
      return new Timer(entry)
    }
  }
  const clear = (/** @type {unknown} */ timer) => {
    const index = timer instanceof Timer ? queue.indexOf(timer.entry) : -1
    if (index !== -1) queue.splice(index, 1)
  }

  Object.assign(globalThis, {
    Date: VirtualDate,
    setTimeout: timers(false),
    setInterval: timers(true),
    clearTimeout: clear,
    clearInterval: clear,
  })
  Object.defineProperty(performance, 'now', { value: () => now })
  Object.defineProperty(AbortSignal, 'timeout', { value: abortAfter })
  Math.random = seededRandom(1)

  return {
    /** Milliseconds since the start; nobody sets this clock. */
    now: () => now,
    /** Sets the wall clock. @param {number} byMs */
    setWallClock(byMs) {
      wallStart += byMs
    },
    /** When the next timer is due. */
    nextAt: () => queue[0]?.dueAt ?? Number.POSITIVE_INFINITY,
    /** Goes on to a moment, and calls what is due then. @param {number} at */
    advanceTo(at) {
      now = at
      while (queue[0] !== undefined && queue[0].dueAt <= at) {
        const entry = /** @type {Entry} */ (queue.shift())
        if (entry.everyMs !== undefined) enqueue(Object.assign(entry, { dueAt: at + entry.everyMs }))
        entry.call()
      }
    },
  }
}

/** @param {number} ms */
function abortAfter(ms) {
  const controller = new AbortController()
  setTimeout(() => controller.abort(new DOMException('the time is up', 'TimeoutError')), ms)
  return controller.signal
}

/** The generator of Park and Miller. @param {number} seed */
function seededRandom(seed) {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
