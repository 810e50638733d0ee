import { AccessToken } from './access-token.ts'
import { waitAfter } from './backoff.ts'
import { type Clock, platformClock } from './clock.ts'
import { type Flight, type FlightDeck, startFlight } from './flight.ts'
import { DEFAULT_TIMEOUT_MS } from './post-json.ts'
import { identityOf, numberOf } from './source-identity.ts'
import { ageOf, beginLife, type TokenLife } from './token-life.ts'
import type { GetTokenOptions, TokenSource } from './token-source.ts'

/** What {@link reuse} tells who listens. */
export interface ReuseEvent {
  readonly type: 'refresh_started' | 'refresh_done' | 'refresh_failed' | 'cache_hit'
  /** A random name of the token that is held at that moment, if one is: nothing of the token can be told from it. */
  readonly fingerprint: string | undefined
  /** Why a refresh failed. */
  readonly error?: unknown
}

/** What {@link reuse} is told. */
export interface ReuseOptions {
  /** Called for what happens in the calls of this object. What it throws is dropped. */
  readonly onEvent?: ((event: ReuseEvent) => unknown) | undefined
  /** The platform's clocks if absent. */
  readonly clock?: Clock | undefined
  /** A number from 0 to below 1; the platform's randomness if absent. */
  readonly random?: (() => number) | undefined
  /** Bounds a refresh with its repeats, in milliseconds; {@link DEFAULT_TIMEOUT_MS} if absent. */
  readonly timeoutMs?: number | undefined
}

/** A {@link TokenSource} that keeps what it was given. */
export interface ReusedTokenSource extends TokenSource {
  /** Forgets a token that was refused, if it is still the one that is kept. */
  drop(token: AccessToken): void
}

/** What is kept for one identity, shared by every {@link reuse} of it. */
interface Entry {
  life?: TokenLife | undefined
  flight?: Flight<AccessToken> | undefined
  failure?: unknown
  failures: number
  nextTryAtMonotonic: number
  overdueAtMonotonic: number
}

const MOST_ENTRIES = 1_000
const PATIENCE_MS = 2_000

const reused = new WeakSet<TokenSource>()
const entries = new WeakMap<object, Map<string, Entry>>()

/**
 * A source that keeps the token of another: one for each key, address and scope set, however many callers, and however
 * often this is called for them. There is no timer behind it: what is due is done when somebody asks.
 *
 * From 80 % of a token's lifetime a new one is asked for, once and behind the back of whoever gets the living one; at its
 * end callers wait for the one request that is under way. If that fails, they are given the living token while there is
 * one; a failure that can pass is repeated a few times while somebody waits, and then not tried again for a while, as is a
 * refusal at once. After a 401 or 403 the living token is not given any more.
 *
 * `minValiditySeconds` makes a token due earlier; where the service has none that lives so long, or does not answer, it is
 * given what there is. Of a reused source it gives that same source.
 */
export function reuse(source: TokenSource, options: ReuseOptions = {}): ReusedTokenSource {
  if (reused.has(source)) return source as ReusedTokenSource
  const { onEvent, clock = platformClock, random = platformRandom, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const entry = findEntry(source, clock)

  const report = async (type: ReuseEvent['type'], error?: unknown) => {
    try {
      await onEvent?.({ type, fingerprint: entry.life?.fingerprint, error })
    } catch {}
  }

  const refresh = async ({ signal, race, pause }: FlightDeck, isCurrent: () => boolean) => {
    for (;;) {
      try {
        signal.throwIfAborted()
        report('refresh_started')
        const start = { startedAt: clock.now(), startedAtMonotonic: clock.monotonicNow() }
        const token = await race(source.getToken({ signal }))
        if (!(token instanceof AccessToken)) throw new TypeError('the source gave no AccessToken')
        if (isCurrent()) {
          entry.life = beginLife(token, start, random)
          entry.failures = 0
          entry.nextTryAtMonotonic = Number.NEGATIVE_INFINITY
        }
        report('refresh_done')
        return token
      } catch (failure) {
        report('refresh_failed', failure)
        if (!isCurrent()) throw failure
        const { status, retryable } = (failure ?? {}) as { status?: unknown; retryable?: unknown }
        if (status === 401 || status === 403) entry.life = undefined
        const waitMs = waitAfter(failure, ++entry.failures, random)
        const monotonicNow = clock.monotonicNow()
        entry.failure = failure
        entry.nextTryAtMonotonic = monotonicNow + waitMs
        const { life } = entry
        if (life && ageOf(life, clock.now(), monotonicNow) < life.spentMs) return life.token
        if (!retryable || waitMs > PATIENCE_MS) throw failure
        await pause(waitMs)
      }
    }
  }

  const depart = (monotonicNow: number) => {
    // One that lasts longer than it can was forgotten by its platform: workers drop timers with the request.
    if (entry.flight && monotonicNow < entry.overdueAtMonotonic) return entry.flight
    entry.overdueAtMonotonic = monotonicNow + 2 * timeoutMs
    const isCurrent = () => entry.flight === flight
    const flight = startFlight(
      (deck) => refresh(deck, isCurrent),
      timeoutMs,
      () => {
        if (isCurrent()) entry.flight = undefined
      },
    )
    entry.flight = flight
    return flight
  }

  const getToken = ({ signal, minValiditySeconds = 0 }: GetTokenOptions = {}): Promise<AccessToken> => {
    if (signal?.aborted) return Promise.reject(signal.reason)
    const { life } = entry
    const now = clock.now()
    const monotonicNow = clock.monotonicNow()
    const ageMs = life ? ageOf(life, now, monotonicNow) : Number.POSITIVE_INFINITY
    const mayTry = monotonicNow >= entry.nextTryAtMonotonic
    if (life && ageMs < life.spentMs) {
      const isShort = ageMs + Math.min(minValiditySeconds * 1000, life.longestValidityMs) > life.lifetimeMs
      if (mayTry && isShort) return depart(monotonicNow).join(signal)
      // A clock that was set back has lost count of this token.
      if (mayTry && (ageMs >= life.dueMs || now < life.startedAt)) depart(monotonicNow).join()
      if (onEvent) report('cache_hit')
      return life.ready
    }
    return mayTry || entry.flight ? depart(monotonicNow).join(signal) : Promise.reject(entry.failure)
  }

  const drop = (token: AccessToken) => {
    if (entry.life?.token === token) entry.life = undefined
  }

  const result = Object.freeze({ getToken, drop })
  reused.add(result)
  return result
}

function findEntry(source: TokenSource, clock: Clock): Entry {
  const { owner, name } = identityOf(source)
  const shelf = entries.get(owner) ?? new Map<string, Entry>()
  entries.set(owner, shelf)
  const key = `${numberOf(clock)} ${name}`
  const entry: Entry = shelf.get(key) ?? {
    failures: 0,
    nextTryAtMonotonic: Number.NEGATIVE_INFINITY,
    overdueAtMonotonic: 0,
  }
  // Last in, and the one that was not asked for longest goes.
  shelf.delete(key)
  shelf.set(key, entry)
  for (const oldest of shelf.keys()) {
    if (shelf.size <= MOST_ENTRIES) break
    shelf.delete(oldest)
  }
  return entry
}

function platformRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32
}
