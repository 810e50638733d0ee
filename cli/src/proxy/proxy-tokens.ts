import { AccessToken, type ReusedTokenSource, reuse } from '@interhuman-auth/client'
import { DEFAULT_TIMEOUT_MS } from '@interhuman-auth/client/strict'
import type { LivingTokenOptions } from '../cache/entry.ts'
import type { Resolved } from '../credentials/resolve.ts'
import type { ExchangeOptions } from '../exchange.ts'
import { Refusal } from '../exit-codes.ts'
import type { Surroundings } from '../surroundings.ts'
import { dropToken, livingToken } from '../token-cache.ts'

/** The longest that a client of the proxy is told to wait, in seconds: then the service is asked again at the latest. */
const LONGEST_WAIT_SECONDS = 300

/** What an exchange's end says to whoever decides whether to try again. */
class TokenFault extends Error {
  override readonly name = 'TokenFault'
  readonly status: number | undefined
  readonly retryable: boolean
  readonly #waitUntilMs: number | undefined
  readonly #monotonicMs: () => number

  constructor({ message, details: { status }, retry }: Refusal, monotonicMs: () => number) {
    super(message)
    this.status = status
    this.retryable = retry?.retryable ?? false
    this.#monotonicMs = monotonicMs
    const { retryAfterSeconds } = retry ?? {}
    if (retryAfterSeconds !== undefined)
      this.#waitUntilMs = monotonicMs() + Math.min(retryAfterSeconds, LONGEST_WAIT_SECONDS) * 1000
  }

  /** What is left of the wait that the service asked for, a second at the least: a failure is given to all who ask meanwhile. */
  get retryAfterSeconds(): number | undefined {
    if (this.#waitUntilMs === undefined) return undefined
    return Math.max(1, (this.#waitUntilMs - this.#monotonicMs()) / 1000)
  }
}

/** An API that refuses every token must not cost an exchange each time. */
const DROP_GAP_MS = 10_000
/** How long others may hold the cache's lock, besides the exchange itself. */
const LOCK_WAIT_MS = 10_000

/**
 * Gives what keeps tokens alive for as long as a process runs: the client's `reuse` over the cache that the commands
 * share, one for each set of scopes. Why there is no token is said once, until there is one again.
 */
export function createProxyTokens(
  resolved: Resolved,
  exchange: Omit<ExchangeOptions, 'scopes'>,
  surroundings: Surroundings,
  monotonicMs: () => number,
): (scopes: readonly string[]) => ReusedTokenSource {
  const kept = new Map<string, ReusedTokenSource>()
  return (scopes) => {
    const name = scopes.join(' ')
    const tokens = kept.get(name) ?? keepAlive(resolved, { ...exchange, scopes }, surroundings, monotonicMs)
    kept.set(name, tokens)
    return tokens
  }
}

function keepAlive(
  resolved: Resolved,
  options: ExchangeOptions,
  surroundings: Surroundings,
  monotonicMs: () => number,
): ReusedTokenSource {
  let given: AccessToken | undefined
  let isWell = true
  const ask = async (wanted: LivingTokenOptions) => {
    try {
      return await livingToken(resolved, wanted, surroundings)
    } catch (fault) {
      throw fault instanceof Refusal ? new TokenFault(fault, monotonicMs) : fault
    }
  }
  const source = {
    async getToken() {
      const found = await ask(options)
      if (found.value !== given?.value) return toAccessToken(found)
      // What is asked for is one that lives longer than the one that was given, and the cache has just that one.
      const minLifeSeconds = found.secondsLeft + 1
      return toAccessToken(await ask({ ...options, minLifeSeconds }))
    },
  }
  const reused = reuse(source, {
    timeoutMs: (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) + LOCK_WAIT_MS,
    onEvent({ type, error }) {
      if (type === 'refresh_failed' && isWell)
        surroundings.say(error instanceof TokenFault ? error.message : 'no token came in time; trying on')
      if (type === 'refresh_failed' || type === 'refresh_done') isWell = type === 'refresh_done'
    },
  })
  let mayDropAtMs = Number.NEGATIVE_INFINITY
  return {
    async getToken(wanted) {
      given = await reused.getToken(wanted)
      return given
    },
    drop(token) {
      if (monotonicMs() < mayDropAtMs) return
      mayDropAtMs = monotonicMs() + DROP_GAP_MS
      dropToken(resolved, options, surroundings, token.value)
      reused.drop(token)
    },
  }
}

function toAccessToken(found: Awaited<ReturnType<typeof livingToken>>): AccessToken {
  const { value, scopes, secondsLeft, expiresAtMs } = found
  const expiresAt = Math.floor(expiresAtMs / 1000)
  return new AccessToken({ value, raw: '', scopes, expiresInSeconds: secondsLeft, expiresAt })
}
