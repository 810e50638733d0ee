import { describe, expect, test, vi } from 'vitest'
import { type AccessToken, reuse, type TokenSource } from '../src/index.ts'
import { useHand } from './support/reuse-in-hand.ts'
import { refusalOf, settle, tokenOf } from './support/source-in-hand.ts'

const hand = useHand()

describe('one flight', () => {
  test('10,000 callers of an empty or a spent cache make one exchange, and get the same token', async () => {
    const reused = hand.start()
    for (const exchanges of [1, 2]) {
      const callers = Array.from({ length: 10_000 }, () => reused.getToken())
      expect(new Set(callers).size).toBe(1)
      await settle()
      expect(hand.source.calls).toHaveLength(exchanges)
      const token = hand.source.last().give()
      expect(new Set(await Promise.all(callers))).toEqual(new Set([token]))
      hand.clock.pass(900)
    }
  })

  test('its failure reaches all, and the next flight can succeed', async () => {
    const reused = hand.start()
    const callers = Array.from({ length: 100 }, () => reused.getToken())
    await settle()
    const fault = refusalOf(401)
    hand.source.last().fail(fault)
    for (const outcome of await Promise.allSettled(callers)) expect(outcome).toMatchObject({ reason: fault })
    hand.clock.pass(60)
    const next = reused.getToken()
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    const token = hand.source.last().give()
    expect(await next).toBe(token)
  })

  test.each(['a token', 'a failure'])(
    'who joins while %s is being handed out starts no other',
    async (what) => {
      const reused = hand.start()
      const outcomes: Promise<AccessToken | string>[] = []
      const ask = (depth: number) => {
        outcomes.push(reused.getToken().catch(() => 'failed'))
        if (depth > 0) queueMicrotask(() => ask(depth - 1))
      }
      ask(0)
      await settle()
      if (what === 'a token') hand.source.last().give()
      else hand.source.last().fail(refusalOf(401))
      ask(20)
      await settle()
      expect(hand.source.calls).toHaveLength(1)
      expect(new Set(await Promise.all(outcomes)).size).toBe(1)
    },
  )

  test('leaves no timer when it is over', async () => {
    await hand.hold()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a source that throws instead of rejecting fails it, and one that gives no promise succeeds', async () => {
    const fault = new Error('at once')
    const thrower: TokenSource = {
      getToken() {
        throw fault
      },
    }
    await expect(reuse(thrower, { clock: hand.clock }).getToken()).rejects.toBe(fault)
    const token = tokenOf()
    const giver = { getToken: () => token } as unknown as TokenSource
    expect(await reuse(giver, { clock: hand.clock }).getToken()).toBe(token)
  })

  test.each([undefined, null, 'LEAK-text', { value: 'LEAK' }])(
    'what is no AccessToken is a TypeError that does not repeat it: %j',
    async (what) => {
      const giver = { getToken: async () => what } as unknown as TokenSource
      const fault = await reuse(giver, { clock: hand.clock })
        .getToken()
        .catch((error: unknown) => error)
      expect(fault).toBeInstanceOf(TypeError)
      expect(String(fault)).not.toContain('LEAK')
    },
  )
})

describe('the windows', () => {
  test('a living token is given without a request until 80 % of its life', async () => {
    const { reused, token } = await hand.hold(900)
    hand.clock.pass(719)
    expect(await reused.getToken()).toBe(token)
    await settle()
    expect(hand.source.calls).toHaveLength(1)
  })

  test('from 80 % on a new one is asked for once, and everybody gets the living one meanwhile', async () => {
    const { reused, token } = await hand.hold(900)
    hand.clock.pass(720)
    for (let call = 0; call < 100; call += 1) expect(await reused.getToken()).toBe(token)
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    const next = hand.source.last().give()
    await settle()
    expect(await reused.getToken()).toBe(next)
    expect(hand.source.calls).toHaveLength(2)
  })

  test('in its last 2 % it is not given, and callers wait for the new one', async () => {
    const { reused, token } = await hand.hold(900)
    hand.clock.pass(881)
    expect(await reused.getToken()).toBe(token)
    hand.clock.pass(1)
    const caller = reused.getToken()
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    const next = hand.source.last().give()
    expect(await caller).toBe(next)
  })

  test('chance moves the first by up to a tenth of the life, so that a fleet does not ask together', async () => {
    const { reused } = await hand.hold(1000, { random: () => 0.99 })
    hand.clock.pass(898)
    await reused.getToken()
    await settle()
    expect(hand.source.calls).toHaveLength(1)
    hand.clock.pass(2)
    await reused.getToken()
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    hand.source.last().give()
  })

  test('its life counts from the start of the request', async () => {
    const reused = hand.start()
    const first = reused.getToken()
    await settle()
    hand.clock.pass(800)
    const token = hand.source.last().give(tokenOf(900))
    expect(await first).toBe(token)
    expect(await reused.getToken()).toBe(token)
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    hand.source.last().give()
  })

  test.each([1, 0, 5])(
    'a token of %d s that comes when it is over is for its callers, and not kept',
    async (life) => {
      const reused = hand.start()
      for (const exchanges of [1, 2, 3]) {
        const callers = [reused.getToken(), reused.getToken()]
        await settle()
        hand.clock.pass(6)
        const token = hand.source.last().give(tokenOf(life))
        expect(await Promise.all(callers)).toEqual([token, token])
        await settle()
        expect(hand.source.calls).toHaveLength(exchanges)
      }
    },
  )

  test('a token of 200 s is kept, whatever another client’s window would say', async () => {
    const { reused, token } = await hand.hold(200)
    hand.clock.pass(159)
    expect(await reused.getToken()).toBe(token)
    await settle()
    expect(hand.source.calls).toHaveLength(1)
  })

  test('the same token given again with less life is asked for a few times, not for ever', async () => {
    const reused = hand.start()
    const token = tokenOf(900)
    for (let second = 0; second < 900; second += 1) {
      const ask = reused.getToken()
      await settle()
      for (const call of hand.source.calls.slice(-1)) call.give(reissued(token, 900 - second))
      await ask
      hand.clock.pass(1)
    }
    expect(hand.source.calls.length).toBeLessThan(10)
  })

  const reissued = (_: AccessToken, life: number) => tokenOf(life)
})

describe('minValiditySeconds', () => {
  test('a token that does not live so long is replaced, while its caller waits', async () => {
    const { reused, token } = await hand.hold(900)
    hand.clock.pass(500)
    expect(await reused.getToken({ minValiditySeconds: 400 })).toBe(token)
    const caller = reused.getToken({ minValiditySeconds: 401 })
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    const next = hand.source.last().give()
    expect(await caller).toBe(next)
  })

  test.each([900, 3600, Number.POSITIVE_INFINITY])(
    'asking for %d s of a service that gives 900 does not ask it each time',
    async (minValiditySeconds) => {
      const { reused, token } = await hand.hold(900)
      hand.clock.pass(180)
      for (let call = 0; call < 10; call += 1)
        expect(await reused.getToken({ minValiditySeconds })).toBe(token)
      expect(hand.source.calls).toHaveLength(1)
    },
  )

  test.each([Number.NaN, -1, 0])('%d asks for nothing', async (minValiditySeconds) => {
    const { reused, token } = await hand.hold(900)
    hand.clock.pass(700)
    expect(await reused.getToken({ minValiditySeconds })).toBe(token)
    expect(hand.source.calls).toHaveLength(1)
  })

  test('where no other can be had, the living one is given', async () => {
    const { reused, token } = await hand.hold(900)
    hand.clock.pass(870)
    const caller = reused.getToken({ minValiditySeconds: 60 })
    await settle()
    hand.source.last().fail(refusalOf(503))
    expect(await caller).toBe(token)
    expect(await reused.getToken({ minValiditySeconds: 60 })).toBe(token)
    await settle()
    expect(hand.source.calls).toHaveLength(2)
  })
})

describe('drop', () => {
  test('forgets the token, and the next caller gets a new one', async () => {
    const { reused, token } = await hand.hold()
    reused.drop(token)
    const caller = reused.getToken()
    await settle()
    const next = hand.source.last().give()
    expect(await caller).toBe(next)
  })

  test('of a token that is not the one that is kept changes nothing', async () => {
    const { reused, token } = await hand.hold()
    reused.drop(tokenOf())
    expect(await reused.getToken()).toBe(token)
    reused.drop(token)
    const caller = reused.getToken()
    await settle()
    const next = hand.source.last().give()
    await caller
    reused.drop(token)
    expect(await reused.getToken()).toBe(next)
    expect(hand.source.calls).toHaveLength(2)
  })

  test('while a refresh is under way, callers join that refresh', async () => {
    const { reused, token } = await hand.hold()
    hand.clock.pass(800)
    await reused.getToken()
    reused.drop(token)
    const callers = [reused.getToken(), reused.getToken()]
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    const next = hand.source.last().give()
    expect(await Promise.all(callers)).toEqual([next, next])
  })

  test('by 100 callers at once makes one exchange', async () => {
    const { reused, token } = await hand.hold()
    const callers = Array.from({ length: 100 }, async () => {
      reused.drop(token)
      return reused.getToken()
    })
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    const next = hand.source.last().give()
    expect(new Set(await Promise.all(callers))).toEqual(new Set([next]))
  })
})

test('a reused source is flat: reusing it again gives the same object', () => {
  const reused = hand.start()
  expect(reuse(reused)).toBe(reused)
  expect(Object.isFrozen(reused)).toBe(true)
})

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
  'a time-out of %s is no time-out',
  (timeoutMs) => {
    expect(() => hand.start({ timeoutMs })).toThrow(new TypeError('timeoutMs is wrong'))
  },
)
