import { AccessToken } from './access-token.ts'
import { type FailureAdvice, waitAfter } from './backoff.ts'
import { check } from './check.ts'
import type { Clock } from './clock.ts'
import { type FlightWork, type Join, startFlight } from './flight.ts'
import { PATIENCE_MS } from './limits.ts'
import { FRESH, SHORT, SPENT, startLife, type TokenLife } from './token-life.ts'
import type { GetTokenOptions, TokenSource } from './token-source.ts'
import { TransportError } from './transport-error.ts'

/** What happens to a token that is shared. */
export interface ReuseEvent {
  readonly type: 'refresh_started' | 'refresh_done' | 'refresh_failed' | 'cache_hit'
  /** A random name of the token that is held at that moment, if one is: nothing of the token can be told from it. */
  readonly fingerprint: string | undefined
  /** Why a refresh failed. */
  readonly error?: unknown
}

/** On whose behalf something is done. */
export interface Asker {
  readonly source: TokenSource
  readonly random: () => number
  readonly timeoutMs: number
  readonly onEvent: ((event: ReuseEvent) => unknown) | undefined
}

/** One token, for every asker of one identity. */
export interface SharedToken {
  getToken(asker: Asker, options?: GetTokenOptions): Promise<AccessToken>
  drop(token: AccessToken): void
}

/** Nothing is held and nothing under way until somebody asks. */
export function shareToken(clock: Clock): SharedToken {
  let life: TokenLife | undefined
  let join: Join<AccessToken> | undefined
  let failure: unknown
  let failures = 0
  // On the monotonic clock.
  let nextTryAt = 0
  let overdueAt = 0

  const report = async ({ onEvent }: Asker, type: ReuseEvent['type'], error?: unknown) => {
    try {
      await onEvent?.({ type, fingerprint: life?.fingerprint, error })
    } catch {}
  }

  const refresh =
    (asker: Asker, isCurrent: () => boolean): FlightWork<AccessToken> =>
    async (signal, race, pause) => {
      for (;;) {
        try {
          signal.throwIfAborted()
          report(asker, 'refresh_started')
          const live = startLife(clock, asker.random)
          const token = await race(asker.source.getToken({ signal }))
          check('AccessToken', token instanceof AccessToken)
          if (isCurrent()) {
            life = live(token)
            failures = nextTryAt = 0
          }
          report(asker, 'refresh_done')
          return token
        } catch (error) {
          report(asker, 'refresh_failed', error)
          // Nobody waits any more: that is no failure.
          if (!isCurrent() || (signal.aborted && !(error instanceof TransportError))) throw error
          failure = error
          const advice: FailureAdvice = error ?? {}
          if (advice.status === 401 || advice.status === 403) life = undefined
          const waitMs = waitAfter(advice, ++failures, asker.random)
          nextTryAt = clock.monotonicNow() + waitMs
          if (life && life.stage(0) < SPENT) return life.token
          if (!advice.retryable || waitMs > PATIENCE_MS || signal.aborted) throw error
          await pause(waitMs)
        }
      }
    }

  const depart = (asker: Asker): Join<AccessToken> => {
    const now = clock.monotonicNow()
    // One that lasts longer than it can was forgotten by its platform: workers drop timers with the request.
    if (join && now < overdueAt) return join
    overdueAt = now + 2 * asker.timeoutMs
    const isCurrent = () => join === own
    const own = startFlight(refresh(asker, isCurrent), asker.timeoutMs, () => {
      if (isCurrent()) join = undefined
    })
    join = own
    return own
  }

  return {
    getToken(asker, { signal, minValiditySeconds = 0 } = {}) {
      if (signal?.aborted) return Promise.reject(signal.reason)
      const stage = life ? life.stage(minValiditySeconds) : SPENT
      const mayTry = stage > FRESH && clock.monotonicNow() >= nextTryAt
      if (!life || stage === SPENT) return mayTry || join ? depart(asker)(signal) : Promise.reject(failure)
      if (mayTry) {
        const wait = depart(asker)
        if (stage === SHORT) return wait(signal)
        wait()
      }
      if (asker.onEvent) report(asker, 'cache_hit')
      return life.ready
    },
    drop(token) {
      if (life?.token === token) life = undefined
    },
  }
}
