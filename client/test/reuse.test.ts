import { beforeEach, describe, expect, test } from 'vitest'
import { RefusalError, reuse } from '../src/index.ts'
import { type ClockInHand, clockInHand, settle, sourceInHand, tokenOf } from './support/source-in-hand.ts'

let clock: ClockInHand
let source: ReturnType<typeof sourceInHand>
const random = () => 0
const start = (options = {}) => reuse(source, { clock, random, ...options })

beforeEach(() => {
  clock = clockInHand()
  source = sourceInHand()
})

/** A source that holds a living token of so many seconds. */
async function holding(expiresInSeconds = 900, options = {}) {
  const reused = start(options)
  const first = reused.getToken()
  await settle()
  const token = tokenOf(expiresInSeconds)
  source.last().give(token)
  expect(await first).toBe(token)
  return { reused, token }
}

const refusal = (status: number, retryAfterSeconds?: number) =>
  new RefusalError({
    status,
    errorId: 'ih2001',
    correlationId: undefined,
    rawBody: '',
    retryAfterSeconds,
  })

describe('one flight', () => {
  test('10,000 callers of an empty or a spent cache make one exchange, and get the same token', async () => {
    const reused = start()
    for (const exchanges of [1, 2]) {
      const callers = Array.from({ length: 10_000 }, () => reused.getToken())
      await settle()
      expect(source.calls).toHaveLength(exchanges)
      const token = tokenOf()
      source.last().give(token)
      expect(new Set(await Promise.all(callers))).toEqual(new Set([token]))
      clock.pass(900)
    }
  })

  test('shares a failure as well, and the next flight can succeed', async () => {
    const reused = start()
    const callers = Array.from({ length: 100 }, () => reused.getToken())
    await settle()
    const fault = refusal(401)
    source.last().fail(fault)
    for (const outcome of await Promise.allSettled(callers)) expect(outcome).toMatchObject({ reason: fault })
    clock.pass(60)
    const next = reused.getToken()
    await settle()
    expect(source.calls).toHaveLength(2)
    source.last().give()
    await next
  })
})

describe('the windows', () => {
  test('a living token is given without a request until 80 % of its life', async () => {
    const { reused, token } = await holding()
    clock.pass(719)
    expect(await reused.getToken()).toBe(token)
    await settle()
    expect(source.calls).toHaveLength(1)
  })

  test('from 80 % on a new one is asked for once, and everybody gets the living one meanwhile', async () => {
    const { reused, token } = await holding()
    clock.pass(720)
    for (let call = 0; call < 100; call += 1) expect(await reused.getToken()).toBe(token)
    expect(source.calls).toHaveLength(2)
    const next = tokenOf()
    source.last().give(next)
    await settle()
    expect(await reused.getToken()).toBe(next)
  })
})
