import { afterEach, beforeEach, expect, vi } from 'vitest'
import { type AccessToken, type ReusedTokenSource, type ReuseOptions, reuse } from '../../src/index.ts'
import {
  type ClockInHand,
  clockInHand,
  type SourceInHand,
  settle,
  sourceInHand,
  tokenOf,
} from './source-in-hand.ts'

/** What a test of `reuse` holds: nothing moves that it does not move itself. */
export interface Hand {
  readonly clock: ClockInHand
  readonly source: SourceInHand
  /** A reused source of `source`, without chance. */
  start(options?: ReuseOptions): ReusedTokenSource
  /** The same, and a living token in it. */
  hold(
    expiresInSeconds?: number,
    options?: ReuseOptions,
  ): Promise<{ reused: ReusedTokenSource; token: AccessToken }>
}

/** A new hand for each test, and timers that stand; after each, that nobody's rejection was forgotten. */
export function useHand(): Hand {
  let clock: ClockInHand
  let source: SourceInHand
  let forgotten: unknown[]
  const remember = (reason: unknown) => forgotten.push(reason)
  const start = (options: ReuseOptions = {}) => reuse(source, { clock, random: () => 0, ...options })

  beforeEach(() => {
    clock = clockInHand()
    source = sourceInHand()
    forgotten = []
    process.on('unhandledRejection', remember)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(async () => {
    await settle()
    vi.useRealTimers()
    process.off('unhandledRejection', remember)
    expect(forgotten).toEqual([])
  })

  return {
    get clock() {
      return clock
    },
    get source() {
      return source
    },
    start,
    async hold(expiresInSeconds = 900, options = {}) {
      const reused = start(options)
      const first = reused.getToken()
      await settle()
      const token = source.last().give(tokenOf(expiresInSeconds))
      expect(await first).toBe(token)
      await settle()
      return { reused, token }
    },
  }
}
