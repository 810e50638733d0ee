import { describe, expect, test, vi } from 'vitest'
import { reuse } from '../src/index.ts'
import { useHand } from './support/reuse-in-hand.ts'
import { countListeners, refusalOf, settle } from './support/source-in-hand.ts'

const hand = useHand()
const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'a token',
    (reason: unknown) => reason,
  )

describe('a caller that leaves', () => {
  test('gets its own reason at once, and takes nobody with it', async () => {
    const reused = hand.start()
    const leaver = new AbortController()
    const stayer = new AbortController()
    const gone = reasonOf(reused.getToken({ signal: leaver.signal }))
    const stays = reused.getToken({ signal: stayer.signal })
    await settle()
    leaver.abort(new Error('enough'))
    expect(await gone).toBe(leaver.signal.reason)
    expect(hand.source.last().signal?.aborted).toBe(false)
    const token = hand.source.last().give()
    expect(await stays).toBe(token)
  })

  test('and is the last one ends the exchange, and leaves no timer', async () => {
    const reused = hand.start()
    const [first, second] = [new AbortController(), new AbortController()]
    const outcomes = [first, second].map(({ signal }) => reasonOf(reused.getToken({ signal })))
    await settle()
    first.abort('first')
    second.abort('second')
    expect(await Promise.all(outcomes)).toEqual(['first', 'second'])
    expect(hand.source.last().signal?.aborted).toBe(true)
    await settle()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('and is the last one is no failure: who comes in the same moment starts anew', async () => {
    const reused = hand.start()
    const leaver = new AbortController()
    const gone = reasonOf(reused.getToken({ signal: leaver.signal }))
    await settle()
    leaver.abort('gone')
    const next = reused.getToken()
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    const token = hand.source.last().give()
    expect([await gone, await next]).toEqual(['gone', token])
    expect(await reused.getToken()).toBe(token)
  })

  test('does not end an exchange that somebody without a signal waits for', async () => {
    const reused = hand.start()
    const leaver = new AbortController()
    const gone = reasonOf(reused.getToken({ signal: leaver.signal }))
    const stays = reused.getToken()
    await settle()
    leaver.abort('gone')
    await gone
    expect(hand.source.last().signal?.aborted).toBe(false)
    const token = hand.source.last().give()
    expect(await stays).toBe(token)
  })

  test('does not end a refresh behind the back of those who have the living token', async () => {
    const { reused } = await hand.hold(900)
    hand.clock.pass(800)
    await reused.getToken()
    const leaver = new AbortController()
    const gone = reasonOf(reused.getToken({ signal: leaver.signal, minValiditySeconds: 600 }))
    await settle()
    leaver.abort('gone')
    expect(await gone).toBe('gone')
    expect(hand.source.last().signal?.aborted).toBe(false)
    const token = hand.source.last().give()
    await settle()
    expect(await reused.getToken()).toBe(token)
  })

  test('before the source was asked: it is not asked', async () => {
    const reused = hand.start()
    const leaver = new AbortController()
    const gone = reasonOf(reused.getToken({ signal: leaver.signal }))
    leaver.abort('gone')
    expect(await gone).toBe('gone')
    await settle()
    expect(hand.source.calls).toHaveLength(0)
  })

  test('during the pause before a repeat ends that too', async () => {
    const reused = hand.start()
    const leaver = new AbortController()
    const gone = reasonOf(reused.getToken({ signal: leaver.signal }))
    await settle()
    hand.source.last().fail(refusalOf(503))
    await settle()
    expect(vi.getTimerCount()).toBe(2)
    leaver.abort('gone')
    expect(await gone).toBe('gone')
    await settle()
    expect(vi.getTimerCount()).toBe(0)
    expect(hand.source.calls).toHaveLength(1)
  })

  test('is not overtaken by the token of the exchange that it ended', async () => {
    const reused = hand.start()
    const leaver = new AbortController()
    const gone = reasonOf(reused.getToken({ signal: leaver.signal }))
    await settle()
    const abandoned = hand.source.last()
    leaver.abort('gone')
    abandoned.give()
    const next = reused.getToken()
    await settle()
    const token = hand.source.last().give()
    expect([await gone, await next]).toEqual(['gone', token])
    expect(await reused.getToken()).toBe(token)
  })
})

describe('a signal', () => {
  test('that has fired sends nothing, and nothing is given, whatever is held', async () => {
    const { reused } = await hand.hold()
    const signal = AbortSignal.abort('before')
    expect(await reasonOf(reused.getToken({ signal }))).toBe('before')
    expect(await reasonOf(hand.start().getToken({ signal }))).toBe('before')
    expect(hand.source.calls).toHaveLength(1)
  })

  test('keeps no listener after a token, a failure or a hit', async () => {
    const { signal } = new AbortController()
    const standing = countListeners(signal)
    const reused = hand.start()
    const refused = reasonOf(reused.getToken({ signal }))
    expect(standing()).toBe(1)
    await settle()
    hand.source.last().fail(refusalOf(401))
    await refused
    await settle()
    expect(standing()).toBe(0)
    hand.clock.pass(60)
    const given = reused.getToken({ signal })
    await settle()
    hand.source.last().give()
    await given
    await settle()
    await reused.getToken({ signal })
    expect(standing()).toBe(0)
  })

  test('that fires afterwards changes nothing', async () => {
    const reused = hand.start()
    const later = new AbortController()
    const caller = reused.getToken({ signal: later.signal })
    await settle()
    const token = hand.source.last().give()
    expect(await caller).toBe(token)
    later.abort()
    expect(await reused.getToken()).toBe(token)
  })
})

describe('a source that never answers', () => {
  test('is given up when the time is over, by all at once, and asked again later', async () => {
    const reused = hand.start({ timeoutMs: 5_000 })
    const callers = [reasonOf(reused.getToken()), reasonOf(reused.getToken())]
    await settle()
    vi.advanceTimersByTime(5_000)
    for (const fault of await Promise.all(callers)) expect(fault).toMatchObject({ code: 'timeout' })
    expect(hand.source.last().signal?.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
    hand.clock.pass(10)
    const next = reused.getToken()
    await settle()
    const token = hand.source.last().give()
    expect(await next).toBe(token)
  })

  test('and does not listen to its signal either: the same', async () => {
    const calls: unknown[] = []
    const deaf = { getToken: () => new Promise<never>(() => calls.push(1)) }
    const reused = reuse(deaf, { clock: hand.clock, timeoutMs: 5_000 })
    const caller = reasonOf(reused.getToken())
    await settle()
    vi.advanceTimersByTime(5_000)
    expect(await caller).toMatchObject({ code: 'timeout' })
    const { signal } = new AbortController()
    hand.clock.pass(10)
    const next = reasonOf(reused.getToken({ signal }))
    await settle()
    expect(calls).toHaveLength(2)
    vi.advanceTimersByTime(5_000)
    expect(await next).toMatchObject({ code: 'timeout' })
  })

  test('and whose timers the platform forgot touches nothing of what came after it', async () => {
    const reused = hand.start()
    const forgotten = reused.getToken()
    await settle()
    hand.clock.pass(31)
    const successor = reused.getToken()
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    const token = hand.source.calls[1]?.give()
    expect(await successor).toBe(token)
    hand.source.calls[0]?.give()
    await forgotten
    expect(await reused.getToken()).toBe(token)
  })

  test('and whose timers the platform forgot is asked anew by the next caller', async () => {
    const reused = hand.start({ timeoutMs: 5_000 })
    void reused.getToken()
    await settle()
    hand.clock.pass(10)
    const next = reused.getToken()
    await settle()
    expect(hand.source.calls).toHaveLength(2)
    const token = hand.source.last().give()
    expect(await next).toBe(token)
    expect(await reused.getToken()).toBe(token)
  })
})
