import type { AccessToken } from './access-token.ts'
import type { Clock } from './clock.ts'

/** The longest that a token is taken to live, in seconds, whatever its answer says. */
export const LONGEST_LIFETIME_SECONDS = 86_400

const EARLY_SECONDS = 5

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
  stage(minValiditySeconds: number): number
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
    const lifetime = Math.min(token.expiresInSeconds, LONGEST_LIFETIME_SECONDS)
    const spentAge = lifetime - Math.min(Math.max(EARLY_SECONDS, lifetime * 0.02), lifetime / 2)
    const dueAge = lifetime * (0.8 + random() / 10)
    return {
      token,
      ready: Promise.resolve(token),
      fingerprint: random().toString(36).slice(2),
      stage(minValiditySeconds) {
        const sinceMs = clock.now() - startedAt
        const age = Math.max(sinceMs, clock.monotonicNow() - startedAtMonotonic) / 1000
        if (!(age < spentAge)) return SPENT
        if (age + Math.min(minValiditySeconds, lifetime * 0.8) > lifetime) return SHORT
        return age < dueAge && sinceMs >= 0 ? FRESH : DUE
      },
    }
  }
}
