import type { AccessToken } from './access-token.ts'
import { check } from './check.ts'
import { type Clock, platformClock } from './clock.ts'
import { DEFAULT_TIMEOUT_MS, MOST_SHARED } from './limits.ts'
import { type Asker, type ReuseEvent, type SharedToken, shareToken } from './shared-token.ts'
import { nameOf } from './source-identity.ts'
import type { TokenSource } from './token-source.ts'

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

const shared = new Map<string, SharedToken>()

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
 *
 * @throws {TypeError} when `timeoutMs` is not above 0 and below 2^31.
 */
export function reuse(source: TokenSource, options: ReuseOptions = {}): ReusedTokenSource {
  if ('drop' in source) return source as ReusedTokenSource
  const { onEvent, clock = platformClock, random = platformRandom, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  check('timeoutMs', timeoutMs > 0 && timeoutMs < 2 ** 31)
  const asker: Asker = { source, random, timeoutMs, onEvent }
  const name = `${nameOf(clock)} ${nameOf(source)}`
  const token = shared.get(name) ?? shareToken(clock)
  shared.delete(name)
  shared.set(name, token)
  // The one that was asked for longest ago goes first. Whoever holds it goes on with it.
  if (shared.size > MOST_SHARED) shared.delete(shared.keys().next().value as string)
  return Object.freeze<ReusedTokenSource>({
    getToken: (wanted) => token.getToken(asker, wanted),
    drop: token.drop,
  })
}

function platformRandom(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
  return word / 2 ** 32
}
