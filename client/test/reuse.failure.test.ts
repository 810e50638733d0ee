import { describe, expect, test, vi } from 'vitest'
import {
  type ReusedTokenSource,
  type ReuseEvent,
  TransportError,
  UnexpectedResponseError,
} from '../src/index.ts'
import { useHand } from './support/reuse-in-hand.ts'
import { refusalOf, settle } from './support/source-in-hand.ts'

const hand = useHand()
const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'a token',
    (reason: unknown) => reason,
  )

/** Asks, and fails every exchange that this leads to, the pauses between them passed over. */
async function failing(
  reused: ReusedTokenSource,
  fault: unknown,
): Promise<{ tries: number; reason: unknown }> {
  const before = hand.source.calls.length
  let seen = before
  let reason: unknown
  const asked = reasonOf(reused.getToken()).then((outcome) => {
    reason = outcome
  })
  for (let turn = 0; turn < 20; turn += 1) {
    await settle()
    if (hand.source.calls.length > seen) {
      seen = hand.source.calls.length
      hand.source.last().fail(fault)
      await settle()
    }
    if (reason !== undefined) break
    hand.clock.pass(0.5)
    vi.advanceTimersByTime(500)
  }
  await asked
  return { tries: hand.source.calls.length - before, reason }
}

const final = [
  ['401', refusalOf(401)],
  ['403', refusalOf(403)],
  ['400', refusalOf(400)],
  ['422', refusalOf(422)],
  ['a redirect', new TransportError('redirect')],
  ['a certificate', new TransportError('tls')],
] as const

describe.each(final)('what is final: %s', (_, fault) => {
  test('reaches all waiters at once, and is not tried again for a while', async () => {
    const reused = hand.start()
    const callers = [reasonOf(reused.getToken()), reasonOf(reused.getToken({ minValiditySeconds: 60 }))]
    await settle()
    hand.source.last().fail(fault)
    expect(await Promise.all(callers)).toEqual([fault, fault])
    expect(await reasonOf(reused.getToken())).toBe(fault)
    hand.clock.pass(4.9)
    expect(await reasonOf(reused.getToken())).toBe(fault)
    expect(hand.source.calls).toHaveLength(1)
    hand.clock.pass(0.2)
    expect(await failing(reused, fault)).toEqual({ tries: 1, reason: fault })
    hand.clock.pass(9)
    expect(await reasonOf(reused.getToken())).toBe(fault)
    expect(hand.source.calls).toHaveLength(2)
  })
})

describe('a refresh that fails behind a living token', () => {
  test.each([401, 403])('with %d: the token is not given any more', async (status) => {
    const { reused } = await hand.hold(900)
    hand.clock.pass(800)
    await reused.getToken()
    await settle()
    const fault = refusalOf(status)
    hand.source.last().fail(fault)
    await settle()
    expect(await reasonOf(reused.getToken())).toBe(fault)
    expect(hand.source.calls).toHaveLength(2)
  })

  test.each([400, 422, 500, 503, 429])(
    'with %d: the token is given to its end, without a storm',
    async (status) => {
      const { reused, token } = await hand.hold(900)
      const fault = refusalOf(status)
      hand.clock.pass(720)
      let failed = 1
      for (let second = 720; second < 882; second += 1) {
        expect(await reused.getToken()).toBe(token)
        await settle()
        for (; failed < hand.source.calls.length; failed += 1) hand.source.calls[failed]?.fail(fault)
        await settle()
        hand.clock.pass(1)
      }
      expect(failed).toBeGreaterThan(2)
      expect(failed).toBeLessThan(16)
      expect(vi.getTimerCount()).toBe(0)
      await failing(reused, fault)
    },
  )

  test('20 times leaves no rejection that nobody took', async () => {
    const { reused, token } = await hand.hold(86_400)
    hand.clock.pass(70_000)
    for (let cycle = 0; cycle < 20; cycle += 1) {
      expect(await reused.getToken()).toBe(token)
      await settle()
      hand.source.last().fail(new Error(`cycle ${cycle}`))
      await settle()
      hand.clock.pass(120)
    }
    expect(hand.source.calls).toHaveLength(21)
  })

  test('with a wait of its own is not asked before, but for no longer than five minutes', async () => {
    const { reused } = await hand.hold(86_400)
    hand.clock.pass(70_000)
    await reused.getToken()
    await settle()
    hand.source.last().fail(refusalOf(503, 1_000_000))
    await settle()
    hand.clock.pass(299)
    await reused.getToken()
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    hand.clock.pass(2)
    await reused.getToken()
    await settle()
    expect(hand.source.calls).toHaveLength(3)
    hand.source.last().give()
  })
})

describe('a failure that can pass, with no living token', () => {
  test.each([
    ['503', refusalOf(503)],
    ['a network that fails', new TransportError('network')],
  ])('%s is repeated a few times while somebody waits, further and further apart', async (_, fault) => {
    const reused = hand.start()
    const caller = reused.getToken()
    for (const pauseMs of [250, 500, 1000]) {
      await settle()
      const tries = hand.source.calls.length
      hand.source.last().fail(fault)
      await settle()
      vi.advanceTimersByTime(pauseMs - 1)
      await settle()
      expect(hand.source.calls).toHaveLength(tries)
      vi.advanceTimersByTime(1)
    }
    await settle()
    const token = hand.source.last().give()
    expect(await caller).toBe(token)
    expect(hand.source.calls).toHaveLength(4)
  })

  test('that does not pass is given to all waiters, and waited out before the next try', async () => {
    const fault = refusalOf(503)
    const reused = hand.start({ random: () => 0.5 })
    expect(await failing(reused, fault)).toEqual({ tries: 4, reason: fault })
    expect(await failing(reused, fault)).toEqual({ tries: 0, reason: fault })
    hand.clock.pass(60)
    expect(await failing(reused, fault)).toEqual({ tries: 1, reason: fault })
  })

  test('whose Retry-After is short is waited for, and whose is long is thrown at once', async () => {
    const reused = hand.start()
    const caller = reused.getToken()
    await settle()
    hand.source.last().fail(refusalOf(503, 1))
    await settle()
    vi.advanceTimersByTime(1_250)
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    const fault = refusalOf(429, 30)
    hand.source.last().fail(fault)
    expect(await reasonOf(caller)).toBe(fault)
    hand.clock.pass(29)
    expect(await reasonOf(reused.getToken())).toBe(fault)
    expect(hand.source.calls).toHaveLength(2)
  })

  test('of a source that says nothing of retries is not repeated, and not asked in a storm', async () => {
    const reused = hand.start()
    for (const fault of [new Error('no'), undefined, null, 'text'])
      expect(await failing(hand.start(), fault).then(({ tries }) => tries <= 1)).toBe(true)
    hand.clock.pass(60)
    for (let call = 0; call < 100; call += 1) await failing(reused, new Error('no'))
    expect(hand.source.calls.length).toBeLessThan(6)
  })

  test('is forgotten with the next token', async () => {
    const reused = hand.start({ random: () => 0.5 })
    await failing(reused, refusalOf(503))
    hand.clock.pass(60)
    const caller = reused.getToken()
    await settle()
    const token = hand.source.last().give()
    expect(await caller).toBe(token)
    reused.drop(token)
    expect(await failing(reused, refusalOf(503))).toMatchObject({ tries: 4 })
  })
})

test('an answer outside the contract with 401 drops the token as well', async () => {
  const { reused } = await hand.hold(900)
  hand.clock.pass(800)
  await reused.getToken()
  await settle()
  const fault = new UnexpectedResponseError({
    status: 401,
    errorId: undefined,
    correlationId: undefined,
    rawBody: '<html>',
    retryAfterSeconds: undefined,
  })
  hand.source.last().fail(fault)
  await settle()
  expect(await reasonOf(reused.getToken())).toBe(fault)
})

describe('onEvent', () => {
  test('tells of a refresh and of a hit, with a name of the token and nothing of it', async () => {
    const events: ReuseEvent[] = []
    const { reused } = await hand.hold(900, { onEvent: (event) => events.push(event), random: () => 0.123 })
    await reused.getToken()
    hand.clock.pass(850)
    await reused.getToken()
    await settle()
    hand.source.last().fail(refusalOf(503))
    await settle()
    expect(events.map(({ type }) => type)).toEqual([
      'refresh_started',
      'refresh_done',
      'cache_hit',
      'cache_hit',
      'refresh_started',
      'refresh_failed',
    ])
    expect(events.map(({ fingerprint }) => fingerprint)).toEqual([undefined, ...Array(5).fill('4feornbt361')])
    expect(events[5]?.error).toMatchObject({ status: 503 })
    expect(JSON.stringify(events)).not.toContain('LEAK')
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('listener')
      },
    ],
    ['rejects', () => Promise.reject(new Error('listener'))],
  ])('a listener that %s harms nothing', async (_, onEvent) => {
    const { reused, token } = await hand.hold(900, { onEvent })
    expect(await reused.getToken()).toBe(token)
    hand.clock.pass(800)
    expect(await reused.getToken()).toBe(token)
    await settle()
    hand.source.last().fail(new Error('no'))
    await settle()
  })

  test('a listener that asks for a token joins the flight that it is told of', async () => {
    const asked: Promise<unknown>[] = []
    const reused = hand.start({ onEvent: () => asked.push(reused.getToken()) && undefined })
    const caller = reused.getToken()
    await settle()
    expect(hand.source.calls).toHaveLength(1)
    const token = hand.source.last().give()
    expect(await caller).toBe(token)
  })
})
