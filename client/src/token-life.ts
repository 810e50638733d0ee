import type { AccessToken } from './access-token.ts'

const LONGEST_LIFETIME_MS = 86_400_000
const EARLY_MS = 5_000

/** A token that was given, and the ages at which things change. Ages are milliseconds from the start of its request. */
export interface TokenLife {
  readonly token: AccessToken
  /** The same, for whoever asks: a promise that is kept, so that a hit makes none. */
  readonly ready: Promise<AccessToken>
  /** A random name for events: nothing of the token can be told from it. */
  readonly fingerprint: string
  readonly lifetimeMs: number
  /** From this age on a new one is asked for. */
  readonly dueMs: number
  /** From this age on it is not given any more. */
  readonly spentMs: number
  /**
   * The greater of the ages that its two clocks say, so that either can end it. A wall clock that was set to before its
   * start says nothing, and the token is due.
   */
  ageAt(now: number, monotonicNow: number): number
}

/**
 * Works out the ages of a token. It is due from 80 % of its lifetime, up to 10 % later by chance so that machines that
 * started together do not ask together; spent for its last 2 %, at least 5 s, but never for more than half of it.
 *
 * @param startedAt When its request started, on the wall clock; `startedAtMonotonic` on the other.
 */
export function beginLife(
  token: AccessToken,
  startedAt: number,
  startedAtMonotonic: number,
  random: () => number,
): TokenLife {
  const lifetimeMs = Math.min(token.expiresInSeconds * 1000, LONGEST_LIFETIME_MS)
  const spentMs = lifetimeMs - Math.min(Math.max(EARLY_MS, lifetimeMs * 0.02), lifetimeMs / 2)
  const dueMs = Math.min(spentMs, lifetimeMs * (0.8 + random() / 10))
  return {
    token,
    ready: Promise.resolve(token),
    fingerprint: random().toString(36).slice(2, 10),
    lifetimeMs,
    dueMs,
    spentMs,
    ageAt: (now, monotonicNow) =>
      Math.max(monotonicNow - startedAtMonotonic, now < startedAt ? dueMs : now - startedAt),
  }
}
