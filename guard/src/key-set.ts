import type { KeySet } from '@interhuman-auth/protocol'
import { describeFailure } from './describe-failure.ts'
import { type FetchedKeySet, fetchKeySet } from './fetch-key-set.ts'
import type { KeyLookup, KeySource } from './key-source.ts'
import { parseServiceAddress } from './service-address.ts'
import { publicVerificationKey, type VerificationKey } from './verification-key.ts'

/** At most one fetch in so many milliseconds, whatever tokens come. */
export const REFETCH_COOLDOWN_MS = 5_000

/** The same for the one fetch that each loss of a signing key allows before that time, however many are lost. */
export const REFETCH_AFTER_LOSS_MS = 500

/** How long keys go on serving after the last fetch that succeeded, in milliseconds, while every new one fails. */
export const KEEP_KEYS_MS = 3_600_000

const DEFAULT_MAX_AGE_SECONDS = 300
const MIN_MAX_AGE_SECONDS = 30
const MAX_MAX_AGE_SECONDS = KEEP_KEYS_MS / 1000

/** What differs between one remote key set and another. */
export interface KeySetOptions {
  /** From connecting to the last byte; 5,000 unless told. */
  readonly timeoutMs?: number
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number
}

/**
 * The public keys of a service, fetched from its key set when the first token comes and kept as long as the answer's
 * `max-age` says (30 s to an hour, 300 s if it says nothing). All lookups share one fetch. An unknown `kid` asks again,
 * at most once in {@link REFETCH_COOLDOWN_MS}; known keys do not wait for that. Where the feed has told of a dead signing key
 * since the last fetch began, one more may begin {@link REFETCH_AFTER_LOSS_MS} after it. When a fetch fails, the keys at hand
 * serve for at most {@link KEEP_KEYS_MS} since the last that succeeded; a key that a new set lacks is gone at once.
 *
 * @see RFC 7517 section 5; our contract, section 3
 * @throws {TypeError} unless the address is https, or http to this machine.
 */
export function keySet(address: string | URL, options: KeySetOptions = {}): KeySource {
  const url = parseServiceAddress(address, 'the key set')
  const { timeoutMs = 5_000, now = () => performance.now() } = options
  let keys: ReadonlyMap<string, VerificationKey> = new Map()
  let fetchedAt = Number.NEGATIVE_INFINITY
  let freshForMs = 0
  let attemptedAt = Number.NEGATIVE_INFINITY
  let failure: string | undefined
  let flight: Promise<void> | undefined
  let deadAtFetch = 0

  async function attempt(): Promise<void> {
    const startedAt = now()
    try {
      const fetched = await fetchKeySet(url, timeoutMs)
      keys = readKeys(fetched.keySet)
      freshForMs = readFreshForMs(fetched)
      fetchedAt = startedAt
      failure = undefined
    } catch (error) {
      failure = describeFailure(error, 'the key set')
    }
    attemptedAt = now()
    flight = undefined
  }

  function refetch(dead: number): Promise<void> {
    const cooldownMs = dead > deadAtFetch ? REFETCH_AFTER_LOSS_MS : REFETCH_COOLDOWN_MS
    if (flight === undefined && now() - attemptedAt >= cooldownMs) {
      deadAtFetch = Math.max(dead, deadAtFetch)
      flight = attempt()
    }
    return flight ?? Promise.resolve()
  }

  function usableKey(kid: string): VerificationKey | undefined {
    return now() - fetchedAt < KEEP_KEYS_MS ? keys.get(kid) : undefined
  }

  async function find(kid: string, deadSigningKeys = 0): Promise<KeyLookup> {
    const known = usableKey(kid)
    if (known !== undefined && now() - fetchedAt < freshForMs) return { key: known }
    const fetched = refetch(deadSigningKeys)
    // A set that is due makes its first caller wait; once a fetch has failed, nobody waits for the next one.
    if (known !== undefined && failure !== undefined) return { key: known }
    await fetched
    const key = usableKey(kid)
    if (key !== undefined) return { key }
    return failure === undefined ? { missing: 'unknown' } : { missing: 'unavailable', detail: failure }
  }

  return { find }
}

function readKeys(set: KeySet): ReadonlyMap<string, VerificationKey> {
  const keys = new Map<string, VerificationKey>()
  for (const jwk of set.keys) {
    try {
      keys.set(jwk.kid, publicVerificationKey(jwk))
    } catch {
      // One key that is none must not take the others with it.
    }
  }
  return keys
}

function readFreshForMs({ maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS }: FetchedKeySet): number {
  return 1000 * Math.min(Math.max(maxAgeSeconds, MIN_MAX_AGE_SECONDS), MAX_MAX_AGE_SECONDS)
}
