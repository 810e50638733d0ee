import { BOUND_MS, CHANGES, changeSubject, createSubject, expiringWays } from './changes.mjs'
import { compare } from './expect.mjs'

/** @typedef {import('./changes.mjs').Subject} Subject */
/** @typedef {import('./changes.mjs').ChangeName} ChangeName */
/** @typedef {import('./subjects.mjs').Way} Way */
/** @typedef {{ name: ChangeName, node: number, subject: Subject }} Planned */
/** @typedef {{ name: ChangeName, lag: number }} Done `lag`: how long after the acknowledgement another node was asked last that still answered as before, in milliseconds. */

/** Thrown where the service has too much to do. Then nothing is known of a change, and both answers stay right. */
export const SHED = Symbol('shed')

const PER_SECOND = 2
const EVERY_MS = 1000 / PER_SECOND
/** How long a key works before it is changed. */
const YOUTH_MS = 1500
/** For so long a change is asked about more than others. */
const HOT_MS = 2000
/** How many that are changed are asked about on and on. */
const REMEMBERED = 300

/**
 * Makes keys and ends them, twice a second, in turn through each node, and says what to ask about them.
 *
 * @param {import('./world.mjs').World} world
 * @param {import('./random.mjs').Random} random
 * @param {object} load
 * @param {import('./changes.mjs').Call} load.call
 * @param {(way: Way, node: number) => Promise<import('./expect.mjs').Answer>} load.ask sends a request and judges its answer
 * @param {(problem: string) => void} load.onWrong
 */
export function createPump(world, random, { call, ask, onWrong }) {
  const names = /** @type {ChangeName[]} */ (Object.keys(CHANGES))
  /** @type {Planned[]} */
  const young = []
  /** @type {Planned[]} */
  const changed = []
  /** @type {Done[]} */
  const done = []
  const expiring = expiringWays(world)
  let turn = 0
  let busy = 0
  /** @type {NodeJS.Timeout | undefined} */
  let timer

  async function create() {
    const name = names[turn % names.length] ?? 'revoke'
    const node = Math.floor(turn / names.length + turn) % world.nodes.length
    turn += 1
    const subject = await createSubject(world, call, CHANGES[name], random.below(world.nodes.length))
    young.push({ name, node, subject })
  }

  async function changeOldest() {
    const [oldest] = young
    if (oldest === undefined || performance.now() - oldest.subject.bornAt < YOUTH_MS) return
    young.shift()
    changed.push(oldest)
    const { name, node, subject } = oldest
    await changeSubject(world, call, CHANGES[name], node, subject).catch((error) => {
      // A time that has passed before it was asked for is refused: then it was the machine that stood still.
      const passed = String(error).endsWith('422') && performance.now() > subject.phase.oldUntil
      throw passed ? SHED : error
    })
    if (CHANGES[name].laterMs === undefined) await watch(subject, (node + 1) % world.nodes.length)
    if (changed.length <= REMEMBERED) return
    settle(changed.shift())
  }

  /** Asks another node again and again until it answers by the change. @param {Subject} subject @param {number} node */
  async function watch({ ways: [way], phase }, node) {
    while (way !== undefined && performance.now() - phase.acknowledgedAt < 2 * BOUND_MS)
      if (compare(await ask(way, node), way.became).problem === undefined) return
  }

  /** @param {Planned | undefined} planned */
  function settle(planned) {
    if (planned === undefined || !Number.isFinite(planned.subject.phase.acknowledgedAt)) return
    done.push({ name: planned.name, lag: planned.subject.phase.lag })
  }

  /** @param {() => Promise<void>} step */
  async function run(step) {
    busy += 1
    try {
      await step()
    } catch (error) {
      if (error !== SHED) onWrong(String(error instanceof Error ? error.message : error))
    } finally {
      busy -= 1
    }
  }

  return {
    start() {
      timer = setInterval(() => {
        void run(create)
        void run(changeOldest)
      }, EVERY_MS)
    },
    async stop() {
      clearInterval(timer)
      while (busy > 0) await new Promise((resolve) => setTimeout(resolve, 10))
    },
    /** The changes so far, once. */
    takeDone() {
      for (const planned of changed.splice(0)) settle(planned)
      return done.splice(0)
    },
    /** @returns {{ request: Way['request'], want: Way['want'], way: Way, node?: number } | undefined} */
    draw() {
      const planned = choose()
      const ways = planned === undefined ? expiring : planned.subject.ways
      if (ways.length === 0) return undefined
      const way = random.of(ways)
      const other = planned !== undefined && isHot(planned) && random.share() < 0.75
      return {
        request: way.request,
        want: way.want,
        way,
        ...(other && { node: (planned.node + 1) % world.nodes.length }),
      }
    },
  }

  function choose() {
    const share = random.share()
    if (share < 0.05) return undefined
    const hot = share < 0.65 ? changed.slice(-HOT_MS / EVERY_MS).filter(isHot) : []
    if (hot.length > 0) return random.of(hot)
    const list = share < 0.85 && young.length > 0 ? young : changed
    return list.length > 0 ? random.of(list) : undefined
  }
}

/** @param {Planned} planned */
function isHot({ subject }) {
  const age = performance.now() - subject.phase.sentAt
  return age >= 0 && age < HOT_MS
}
