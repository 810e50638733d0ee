import { REVOCATION_ACK_PATH, REVOCATIONS_PATH } from '@interhuman-auth/protocol'
import { feedAcknowledger } from './feed-acknowledger.ts'
import { feedAgeByBothClocks } from './feed-age.ts'
import { FeedListener } from './feed-listener.ts'
import type { RevocationSource } from './revocation-source.ts'
import { createRevocations } from './revocations.ts'
import { endpointOf, parseServiceAddress } from './service-address.ts'
import { parseVerifierCredential } from './verifier-credential.ts'

/** How old what a checker knows may be, in milliseconds, unless told (our contract, section 6). */
export const DEFAULT_MAX_AGE_MS = 5_000

const MIN_MAX_AGE_MS = 3_000
const MAX_MAX_AGE_MS = 300_000
const DEFAULT_MAX_ENTRIES = 500_000

/** Where the feed is, who asks, and what is done when it cannot be had. */
export interface RevocationFeedOptions {
  /** The address of the service: https, or http to this machine. */
  readonly address: string | URL
  /** The credential of this verifier, `ihv_…`. */
  readonly verifier: string
  /** How old what the feed said may be, 3,000 to 300,000; 5,000 unless told. */
  readonly maxAgeMs?: number
  /** What becomes of a good token when it is older: refused with 503 `ih1003` unless told, or accepted. */
  readonly staleness?: 'refuse' | 'accept'
  /** How many keys and tokens are remembered at most; 500,000 unless told. With more the feed counts as too old. */
  readonly maxEntries?: number
  /** From the start of a request to the head of its answer; 5,000 unless told. */
  readonly connectTimeoutMs?: number
  /** The longest time without an event, after which the connection is made again; 3,000 unless told. */
  readonly silenceMs?: number
  /** Epoch milliseconds. */
  readonly now?: () => number
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow?: () => number
}

/** What an operator wants to know of a feed; nothing in it is secret. */
export interface RevocationFeedState {
  /** Whether there is a connection, and everything that was in force has come over it. */
  readonly connected: boolean
  /** Milliseconds since a node last saw the database and said all that it knew; infinite before the first time. */
  readonly ageMs: number
  /** Whether that is older than the bound, or something found no room. */
  readonly degraded: boolean
  /** Up to which event everything is applied. */
  readonly lastEventId: string | undefined
  /** Up to which event the service knows so. */
  readonly acknowledgedId: string | undefined
  /** How many keys, tokens and signing keys are remembered. */
  readonly entries: number
  /** Why the last connection ended, while there is none that lives; or why an acknowledgement failed. */
  readonly detail: string | undefined
}

/** A feed that listens until it is closed. */
export interface RevocationFeed extends RevocationSource {
  readonly state: () => RevocationFeedState
  /** Ends it; whoever still asks is told that the feed is too old. */
  readonly close: () => void
}

/**
 * Listens to the service's revocation feed from now on. A connection that drops, goes silent or leads to a node which
 * does not see its database is made again and goes on behind the last event. It keeps no process alive.
 *
 * @see Our contract, section 6
 * @throws {TypeError} when the address is not to be trusted, the verifier is none, or a number is out of its bounds.
 */
export function revocationFeed(options: RevocationFeedOptions): RevocationFeed {
  const { maxAgeMs = DEFAULT_MAX_AGE_MS, staleness = 'refuse', maxEntries = DEFAULT_MAX_ENTRIES } = options
  const { connectTimeoutMs = 5_000, silenceMs = 3_000 } = options
  const { now = Date.now, monotonicNow = () => performance.now() } = options
  if (!(maxAgeMs >= MIN_MAX_AGE_MS && maxAgeMs <= MAX_MAX_AGE_MS))
    throw new TypeError(`maxAgeMs must be ${MIN_MAX_AGE_MS} to ${MAX_MAX_AGE_MS}`)
  if (staleness !== 'refuse' && staleness !== 'accept')
    throw new TypeError("staleness is 'refuse' or 'accept'")
  if (!(maxEntries >= 1 && connectTimeoutMs > 0 && silenceMs > 0))
    throw new TypeError('maxEntries, connectTimeoutMs and silenceMs must be above 0')
  const base = parseServiceAddress(options.address, 'the revocation feed')
  const verifier = parseVerifierCredential(options.verifier)

  const revocations = createRevocations(maxEntries, monotonicNow)
  const age = feedAgeByBothClocks(monotonicNow, now)
  const acknowledger = feedAcknowledger({ url: endpointOf(base, REVOCATION_ACK_PATH), verifier })
  const target = { url: endpointOf(base, REVOCATIONS_PATH), verifier }
  const clocks = { now, monotonicNow }
  const listener = new FeedListener({
    ...{ target, revocations, age, acknowledger, maxAgeMs, connectTimeoutMs, silenceMs },
    ...clocks,
  })
  const isLiving = () => listener.isComplete && age.read() <= maxAgeMs
  const detail = () => listener.detail ?? acknowledger.failure()

  return {
    started: listener.started,
    ask(token) {
      const reason = revocations.findReason(token)
      if (reason !== undefined) return { revoked: reason }
      if (staleness === 'accept' || isLiving()) return { revoked: false }
      return { revoked: 'unknown', detail: detail() ?? 'the revocation feed is too old' }
    },
    findReason: revocations.findReason,
    isDeadSigningKey: revocations.isDeadSigningKey,
    deadSigningKeyCount: revocations.deadSigningKeyCount,
    lastChangeOf: revocations.lastChangeOf,
    lastChange: revocations.lastChange,
    isLiving,
    state: () => ({
      connected: listener.isReady,
      ageMs: age.read(),
      degraded: !isLiving(),
      lastEventId: listener.lastEventId,
      acknowledgedId: acknowledger.acknowledgedId(),
      entries: revocations.size(),
      detail: detail(),
    }),
    close: () => listener.close(),
  }
}
