import { describe, expect, test } from 'vitest'
import { platformClock } from '../src/clock.ts'
import { AccessToken, reuse } from '../src/index.ts'
import { useHand } from './support/reuse-in-hand.ts'
import { settle, tokenOf } from './support/source-in-hand.ts'

const hand = useHand()
const DAY = 86_400

describe('clocks that are not to be relied on', () => {
  test('in a sleep the monotonic one stands: the token is spent all the same', async () => {
    const { reused, token } = await hand.hold(900)
    hand.clock.sleep(3600)
    const caller = reused.getToken()
    await settle()
    const next = hand.source.last().give()
    expect(await caller).toBe(next)
    expect(next).not.toBe(token)
  })

  test.each([1, -1])('the wall clock is wrong by %d day from the start: nothing changes', async (days) => {
    hand.clock.set(days * DAY)
    const { reused, token } = await hand.hold(900)
    hand.clock.pass(700)
    expect(await reused.getToken()).toBe(token)
    expect(hand.source.calls).toHaveLength(1)
  })

  test('set forward by a day: one exchange, and then quiet', async () => {
    const { reused } = await hand.hold(900)
    hand.clock.set(DAY)
    const caller = reused.getToken()
    await settle()
    const next = hand.source.last().give(tokenOf(900))
    expect(await caller).toBe(next)
    for (let minute = 0; minute < 11; minute += 1) {
      hand.clock.pass(60)
      expect(await reused.getToken()).toBe(next)
    }
    expect(hand.source.calls).toHaveLength(2)
  })

  test('set back by a day: one exchange behind the back, then quiet, and the token is not immortal', async () => {
    const { reused, token } = await hand.hold(900)
    hand.clock.set(-DAY)
    expect(await reused.getToken()).toBe(token)
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    const next = hand.source.last().give(tokenOf(900))
    await settle()
    for (let minute = 0; minute < 11; minute += 1) {
      hand.clock.pass(60)
      expect(await reused.getToken()).toBe(next)
    }
    expect(hand.source.calls).toHaveLength(2)
    hand.clock.pass(300)
    const caller = reused.getToken()
    await settle()
    const last = hand.source.last().give()
    expect(await caller).toBe(last)
  })

  test('set back, and no answer to be had: the token lives to its end on the other clock', async () => {
    const { reused, token } = await hand.hold(900)
    hand.clock.set(-DAY)
    for (let minute = 0; minute < 14; minute += 1) {
      expect(await reused.getToken()).toBe(token)
      await settle()
      hand.source.last().fail(new Error('no'))
      await settle()
      hand.clock.pass(60)
    }
    expect(hand.source.calls.length).toBeLessThan(16)
    hand.clock.pass(60)
    const caller = reused.getToken()
    await settle()
    const next = hand.source.last().give()
    expect(await caller).toBe(next)
  })

  test('set back, then a sleep: the new token is counted from where the clock stood', async () => {
    const { reused } = await hand.hold(900)
    hand.clock.set(-DAY)
    await reused.getToken()
    await settle()
    hand.source.last().give(tokenOf(900))
    await settle()
    hand.clock.sleep(900)
    const caller = reused.getToken()
    await settle()
    const next = hand.source.last().give()
    expect(await caller).toBe(next)
  })
})

describe('a lifetime that is none', () => {
  test.each([Number.NaN, -5, 0])('%d: the token is for its callers only', async (expiresInSeconds) => {
    const reused = hand.start()
    for (const exchanges of [1, 2]) {
      const caller = reused.getToken()
      await settle()
      const token = hand.source.last().give(odd(expiresInSeconds))
      expect(await caller).toBe(token)
      await settle()
      expect(hand.source.calls).toHaveLength(exchanges)
    }
  })

  test.each([1e12, Number.POSITIVE_INFINITY])('%d: a day and no longer', async (expiresInSeconds) => {
    const reused = hand.start()
    const caller = reused.getToken()
    await settle()
    const token = hand.source.last().give(odd(expiresInSeconds))
    expect(await caller).toBe(token)
    hand.clock.pass(0.79 * DAY)
    expect(await reused.getToken()).toBe(token)
    hand.clock.pass(0.2 * DAY)
    const later = reused.getToken()
    await settle()
    const next = hand.source.last().give()
    expect(await later).toBe(next)
  })

  const odd = (expiresInSeconds: number) =>
    new AccessToken({ value: 'LEAK', raw: '', scopes: [], expiresAt: 0, expiresInSeconds })
})

test('the platform’s clocks and chance are the default', async () => {
  const source = { getToken: async () => tokenOf(900) }
  const reused = reuse(source)
  expect(await reused.getToken()).toBe(await reused.getToken())
  expect(platformClock.now()).toBeGreaterThan(1.7e12)
  expect(platformClock.monotonicNow()).toBeGreaterThan(0)
})
