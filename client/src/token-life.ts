import type { AccessToken } from './access-token.ts'
import type { Clock } from './clock.ts'

const LONGEST_LIFETIME_MS = 86_400_000
const EARLY_MS = 5_000

/** Given as it is. */
export const FRESH = 0
/** Given, and a new one is asked for. */
export const DUE = 1
/** Given to whoever asks for no more than it has left. */
export const SHORT = 2
/** Not given any more. */
export const SPENT = 3

/** A token that was given, and how it ages. */
export interface TokenLife {
  readonly token: AccessToken
  /** The same, for whoever asks: a promise that is kept, so that a hit makes none. */
  readonly ready: Promise<AccessToken>
  /** A random name for events: nothing of the token can be told from it. */
  readonly fingerprint: string
  /** {@link FRESH}, {@link DUE}, {@link SHORT} of what is asked for, or {@link SPENT}. */
  stage(minValidityMs: number): number
}

/**
 * Starts to count, when a request starts, and gives what makes a life of the token that it brings.
 *
 * A token ages by the greater of the ages that two clocks say, so that either can end it. It is due from 80 % of its
 * lifetime, up to 10 % later by chance so that machines that started together do not ask together, and when the wall clock
 * was set to before its start; short of more life than it has left, but never in its first fifth, so that asking for more
 * than the service gives does not ask it each time; spent for its last 2 %, at least 5 s, but never for more than half of it.
 */
export function startLife(clock: Clock, random: () => number): (token: AccessToken) => TokenLife {
  const startedAt = clock.now()
  const startedAtMonotonic = clock.monotonicNow()
  return (token) => {
    const lifetimeMs = Math.min(token.expiresInSeconds * 1000, LONGEST_LIFETIME_MS)
    const spentMs = lifetimeMs - Math.min(Math.max(EARLY_MS, lifetimeMs * 0.02), lifetimeMs / 2)
    const dueMs = lifetimeMs * (0.8 + random() / 10)
    return {
      token,
      ready: Promise.resolve(token),
      fingerprint: random().toString(36).slice(2, 10),
      stage(minValidityMs) {
        const sinceMs = clock.now() - startedAt
        const ageMs = Math.max(sinceMs, clock.monotonicNow() - startedAtMonotonic)
        if (!(ageMs < spentMs)) return SPENT
        if (ageMs + Math.min(minValidityMs, lifetimeMs * 0.8) > lifetimeMs) return SHORT
        return ageMs < dueMs && sinceMs >= 0 ? FRESH : DUE
      },
    }
  }
}
