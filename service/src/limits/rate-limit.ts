import { ERRORS } from '@interhuman-auth/protocol'
import { LRUCache } from 'lru-cache'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { retryLater } from '../api-error.ts'

/** Counts what comes of each subject, a minute a window that begins with the first. */
export interface RateLimit {
  /** Counts one. @returns how many seconds to wait, 0 within the limit. */
  count(subject: string): Promise<number>
}

const WINDOW_SECONDS = 60

/** How many subjects are counted at once unless told: some 400 bytes each. */
const MAX_SUBJECTS = 50_000

/**
 * Makes a limit, or none where `perMinute` is 0. The counter keeps a record and a timer for every subject, as many as
 * come; so it is told to forget the one that was seen least lately when there are more than `maxSubjects`.
 */
export function createRateLimit(perMinute: number, maxSubjects = MAX_SUBJECTS): RateLimit | undefined {
  if (perMinute === 0) return undefined
  const counter = new RateLimiterMemory({ points: perMinute, duration: WINDOW_SECONDS, keyPrefix: '' })
  const subjects = new LRUCache<string, true>({
    max: maxSubjects,
    dispose: (_counted, subject) => void counter.delete(subject),
  })
  return {
    count(subject) {
      if (subjects.get(subject) === undefined) subjects.set(subject, true)
      return counter.consume(subject).then(isWithin, secondsToWait)
    },
  }
}

/**
 * Refuses who has to wait.
 *
 * @param waitSeconds what {@link RateLimit.count} gave.
 * @throws {ApiError} `ih3001`
 */
export function refuseWaiting(waitSeconds: number): void {
  if (waitSeconds > 0) throw retryLater(ERRORS.rateLimited, waitSeconds)
}

const isWithin = () => 0

function secondsToWait(refused: unknown): number {
  if (!(refused instanceof RateLimiterRes)) throw refused
  return secondsUntil(refused.msBeforeNext)
}

/** The counter's own time is that of the wall: a clock that was set back must keep nobody out for longer. */
function secondsUntil(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms / 1000), 1), WINDOW_SECONDS)
}
