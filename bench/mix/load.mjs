// A process of its own: sends the mix at a rate that is told, and compares each answer with the one that is right. Requests
// come as from many callers, whether those before are answered or not, and their time counts from when they were due.
import { createPublicKey, verify } from 'node:crypto'
import { readDone } from './changes.mjs'
import { compare, isShed, parse, readClaims, readId } from './expect.mjs'
import { createDraw } from './kinds.mjs'
import { createPump, SHED } from './pump.mjs'
import { createRandom } from './random.mjs'
import { wantedOf } from './subjects.mjs'
import { createWire } from './wire.mjs'

/** @typedef {import('./expect.mjs').Answer} Answer */
/** @typedef {import('./kinds.mjs').Draw} Draw */
/** @typedef {{ mode: import('./wire.mjs').Mode, perSecond: number, ms: number, boundMs: number }} Order Given up once more than one of a hundred took longer than `boundMs`. */
/** @typedef {{ sent: number, wrong: number, problems: string[], sheds: number, overrun: boolean, p50: number, p99: number, seconds: number, verified: number, answers: Record<string, Record<string, number>>, changes: import('./pump.mjs').Done[] }} Result Times in milliseconds. */

/** So many tokens are kept to ask about. */
const LIVE_TOKENS = 2000
/** One token of so many is verified. */
const VERIFY_ONE_OF = 20
/** More than this under way, and the rate is not held. */
const MAX_UNDER_WAY = 3000
const FIRST_PROBLEMS = 10

/** @param {import('./world.mjs').World} world */
function createLoad(world) {
  const random = createRandom(world.seed)
  const wire = createWire()
  /** @type {import('./kinds.mjs').LiveToken[]} */
  const live = []
  const publicKey = createPublicKey({ key: JSON.parse(world.publicKey), format: 'jwk' })
  let result = emptyResult()
  const wrong = (/** @type {string} */ problem) => {
    result.wrong += 1
    if (result.problems.length < FIRST_PROBLEMS) result.problems.push(problem)
  }
  const pump = createPump(world, createRandom(world.seed + 1), {
    async call(port, request) {
      const answer = await wire.send(port, request, 'kept')
      if (!isShed(answer)) return readDone(answer)
      result.sheds += 1
      throw SHED
    },
    async ask(way, node) {
      const answer = await wire.send(world.nodes[node]?.port ?? 0, way.request, 'kept')
      result.sent += 1
      take({ kind: 'key that is changed', node, request: way.request, want: way.want, way }, answer)
      return answer
    },
    onWrong: wrong,
  })
  const draw = createDraw({ world, random, live, drawChanging: pump.draw })

  /** @param {Draw} drawn @param {Answer} answer */
  function judge({ want, way, node }, answer) {
    if (way === undefined) return compare(answer, want).problem
    const { phase } = way
    const wanted = wantedOf(phase, answer, node)
    const [old, became] = [compare(answer, way.want), compare(answer, way.became)]
    if (old.problem === undefined && became.problem !== undefined && answer.startedAt > phase.acknowledgedAt)
      phase.lag = Math.max(phase.lag, answer.startedAt - phase.acknowledgedAt)
    if (wanted === 'old') return old.problem && `before the change: ${old.problem}`
    if (wanted === 'new') {
      const late = (answer.startedAt - (phase.newFrom[node] ?? 0)).toFixed(0)
      const where = phase.madeOn === node ? 'the node that made it' : 'a node that did not make it'
      return became.problem && `${late} ms after the change had to count on ${where}: ${became.problem}`
    }
    return old.problem && became.problem && `during the change: ${became.problem}`
  }

  /** @param {Draw} drawn @param {Answer} answer */
  function take(drawn, answer) {
    const id = readId(parse(answer.body))
    const counts = result.answers[drawn.kind] ?? {}
    result.answers[drawn.kind] = counts
    const name = `${answer.status} ${id || (answer.body === '{"active":false}' ? 'inactive' : '')}`.trim()
    counts[name] = (counts[name] ?? 0) + 1
    if (isShed(answer)) {
      result.sheds += 1
      return
    }
    const problem = judge(drawn, answer)
    if (problem !== undefined) wrong(`${drawn.kind}, node ${drawn.node}: ${problem}`)
    else if (drawn.want.token !== undefined && answer.status === 200) takeToken(drawn, answer)
  }

  /** @param {Draw} drawn @param {Answer} answer */
  function takeToken(drawn, answer) {
    const token = String(parse(answer.body).access_token)
    if (random.below(VERIFY_ONE_OF) === 0) {
      const end = token.lastIndexOf('.')
      const signature = Buffer.from(token.slice(end + 1), 'base64url')
      const key = /** @type {const} */ ({ key: publicKey, dsaEncoding: 'ieee-p1363' })
      result.verified += 1
      if (!verify('sha256', Buffer.from(token.slice(0, end)), key, signature))
        wrong(`${drawn.kind}: a token that does not verify`)
    }
    // That of a key which nobody changes is good until its end.
    if (drawn.kind !== 'good key') return
    const one = { token, claims: readClaims(token) }
    if (live.length < LIVE_TOKENS) live.push(one)
    else live[random.below(LIVE_TOKENS)] = one
  }

  /** @param {Order} order @returns {Promise<Result>} */
  async function run({ mode, perSecond, ms, boundMs }) {
    result = emptyResult()
    wire.closeIdle()
    pump.start()
    /** @type {number[]} */
    const times = []
    const begun = performance.now()
    const mayBeSlow = (perSecond * ms) / 100_000
    let [underWay, slow] = [0, 0]
    /** @param {number} due */
    const fire = async (due) => {
      const drawn = draw()
      underWay += 1
      result.sent += 1
      try {
        take(drawn, await wire.send(world.nodes[drawn.node]?.port ?? 0, drawn.request, mode))
        const time = performance.now() - due
        times.push(time)
        if (time > boundMs) slow += 1
      } catch (error) {
        wrong(`${drawn.kind}, node ${drawn.node}: no answer: ${error instanceof Error ? error.message : ''}`)
      }
      underWay -= 1
    }
    for (let due = begun; due < begun + ms && !result.overrun; ) {
      for (const now = performance.now(); due <= now && due < begun + ms; due += random.gap(1000 / perSecond))
        void fire(due)
      result.overrun = underWay > MAX_UNDER_WAY || slow > mayBeSlow
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    while (underWay > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const seconds = (performance.now() - begun) / 1000
    await pump.stop()
    times.sort((a, b) => a - b)
    const at = (/** @type {number} */ share) => times[Math.floor((times.length - 1) * share)] ?? Number.NaN
    return { ...result, p50: at(0.5), p99: at(0.99), seconds, changes: pump.takeDone() }
  }
  return run
}

/** @returns {Result} */
function emptyResult() {
  const counts = { sent: 0, wrong: 0, sheds: 0, p50: 0, p99: 0, seconds: 0, verified: 0 }
  return { ...counts, problems: [], overrun: false, answers: {}, changes: [] }
}

/** @type {ReturnType<typeof createLoad> | undefined} */
let run
process.on('message', async (/** @type {import('./world.mjs').World | Order} */ message) => {
  if ('nodes' in message) run = createLoad(message)
  else process.send?.(await run?.(message))
})
