import { getEventListeners } from 'node:events'
import {
  AccessToken,
  type Clock,
  type GetTokenOptions,
  RefusalError,
  type TokenSource,
} from '../../src/index.ts'

/** Two clocks that stand until a test moves them. */
export interface ClockInHand extends Clock {
  /** Time passes on both. */
  pass(seconds: number): void
  /** Somebody sets the wall clock, forwards or back. */
  set(seconds: number): void
  /** The machine sleeps: the monotonic clock stands meanwhile. */
  sleep(seconds: number): void
}

export function clockInHand(): ClockInHand {
  let wallMs = Date.UTC(2026, 10, 24)
  let monotonicMs = 5_000
  const turn = (seconds: number) => {
    wallMs += seconds * 1000
  }
  return {
    now: () => wallMs,
    monotonicNow: () => monotonicMs,
    pass(seconds) {
      wallMs += seconds * 1000
      monotonicMs += seconds * 1000
    },
    set: turn,
    sleep: turn,
  }
}

let count = 0

/** A token that nobody issued; each has a value of its own. */
export function tokenOf(expiresInSeconds = 900): AccessToken {
  count += 1
  return new AccessToken({
    value: `LEAK-token-${count}`,
    raw: `{"access_token":"LEAK-token-${count}"}`,
    scopes: ['interhumanai.upload'],
    expiresInSeconds,
    expiresAt: 1_800_000_000,
  })
}

/** What a service says that refuses. */
export function refusalOf(status: number, retryAfterSeconds?: number): RefusalError {
  return new RefusalError({
    status,
    errorId: 'ih2001',
    correlationId: undefined,
    rawBody: '',
    retryAfterSeconds,
  })
}

/** A call of a source that waits for the test to end it. */
export interface PendingCall {
  readonly signal: AbortSignal | undefined
  give(token?: AccessToken): AccessToken
  fail(error: unknown): void
}

/** A source whose every call a test ends by hand. */
export interface SourceInHand extends TokenSource {
  readonly calls: PendingCall[]
  /** The call that came last. */
  last(): PendingCall
}

export function sourceInHand(): SourceInHand {
  const calls: PendingCall[] = []
  return {
    calls,
    last() {
      const call = calls.at(-1)
      if (call === undefined) throw new Error('nobody has asked')
      return call
    },
    getToken: ({ signal }: GetTokenOptions = {}) =>
      new Promise<AccessToken>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
        const give = (token = tokenOf()) => {
          resolve(token)
          return token
        }
        calls.push({ signal, give, fail: reject })
      }),
  }
}

/** Lets everything that is ready happen, without any time passing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Counts the listeners that stand on a signal. */
export function countListeners(signal: AbortSignal): () => number {
  return () => getEventListeners(signal, 'abort').length
}
