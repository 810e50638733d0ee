import { dropEntry, entryOf, isEnough, type LivingTokenOptions, readEntry } from './cache/entry.ts'
import { type HeldToken, secondsLeft } from './cache/held-token.ts'
import type { Resolved } from './credentials/resolve.ts'
import type { ExchangeOptions } from './exchange.ts'
import type { Surroundings } from './surroundings.ts'

/** A token that lives. */
export interface LivingToken {
  readonly value: string
  readonly scopes: readonly string[]
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number
  /** Seconds from now on, by the clock that says less. */
  readonly secondsLeft: number
}

/**
 * Gives a token that lives, from the cache that the commands share, or by one exchange, however many processes ask at
 * once. Where the cache cannot be used it works without, and says so in one line. What makes the exchange is loaded only
 * when one is needed.
 *
 * @throws {Refusal} when there is no living token and none was given: 4, 5, 6 or 7.
 */
export async function livingToken(
  resolved: Resolved,
  options: LivingTokenOptions,
  surroundings: Surroundings,
): Promise<LivingToken> {
  const entry = entryOf(resolved, options, surroundings)
  const found = readEntry(entry, surroundings)
  if (isEnough(found, options, surroundings)) return describeToken(found, surroundings)
  const { renewToken } = await import('./renew-token.ts')
  return describeToken(await renewToken(entry, resolved, options, surroundings), surroundings)
}

/** Drops a token that a protected resource called invalid from the cache, if it is still the one that is there. */
export function dropToken(
  resolved: Resolved,
  options: ExchangeOptions,
  surroundings: Surroundings,
  value: string,
): void {
  dropEntry(entryOf(resolved, options, surroundings), value, surroundings)
}

function describeToken(token: HeldToken, surroundings: Surroundings): LivingToken {
  const { value, scopes, issuedAtMs, lifetimeSeconds } = token
  return {
    value,
    scopes,
    expiresAtMs: issuedAtMs + lifetimeSeconds * 1000,
    secondsLeft: Math.max(0, Math.floor(secondsLeft(token, surroundings))),
  }
}
