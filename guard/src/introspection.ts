import { createHash } from 'node:crypto'
import { type ActiveIntrospectionResponse, INTROSPECTION_PATH } from '@interhuman-auth/protocol'
import { BoundedMap } from './bounded-map.ts'
import { describeFailure } from './describe-failure.ts'
import { fetchIntrospection, type IntrospectionTarget } from './fetch-introspection.ts'
import { DEFAULT_MAX_AGE_MS } from './revocation-feed.ts'
import type { RevocationSource } from './revocation-source.ts'
import { endpointOf, parseServiceAddress } from './service-address.ts'
import { parseVerifierCredential } from './verifier-credential.ts'

/** What the service says of a credential, or why it cannot be told now. */
export type IntrospectionAnswer =
  | { readonly is: 'active'; readonly credential: ActiveIntrospectionResponse }
  | { readonly is: 'inactive' }
  | { readonly is: 'unavailable'; readonly detail: string }

/** Where the service is, who asks, and what ends what it said. */
export interface IntrospectionOptions {
  /** The address of the service: https, or http to this machine. */
  readonly address: string | URL
  /** The credential of this verifier, `ihv_…`. */
  readonly verifier: string
  /** Where revocations are heard of. Without it an answer is kept for 5 s at most. */
  readonly revocations?: RevocationSource
  /** From connecting to the last byte; 5,000 unless told. */
  readonly timeoutMs?: number
  /** How many good credentials are remembered at most; 10,000 unless told. */
  readonly maxEntries?: number
  /** Epoch milliseconds. */
  readonly now?: () => number
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow?: () => number
}

/** Asks the service about credentials. */
export interface Introspection {
  /** Never rejects. What it remembers is never older than a revocation may be. */
  readonly ask: (credential: string) => Promise<IntrospectionAnswer>
}

/** How long, in milliseconds, a good answer is kept while a living feed would end it. */
export const KEEP_UNDER_FEED_MS = 60_000
/** How long, in milliseconds, an answer that a credential is not good is kept, and one that nothing can be told. */
export const KEEP_REFUSAL_MS = 1_000
/** How many credentials are asked about at once; of another one nothing can be told then. */
export const MAX_FLIGHTS = 256
const MAX_REFUSALS = 1_000
/** How often an answer is asked for that the feed has overtaken meanwhile. */
const MAX_ATTEMPTS = 3

/** A moment by two clocks: the first alone may stand still while the machine sleeps, the second alone can be set back. */
interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}

const later = ({ monotonicMs, wallMs }: Moment, ms: number): Moment => ({
  monotonicMs: monotonicMs + ms,
  wallMs: wallMs + ms,
})

/** An answer, and what ends it. */
interface Entry {
  readonly answer: IntrospectionAnswer
  readonly until: Moment
  /** The number of the last change when it was asked for. */
  readonly change: number
  readonly underFeed: boolean
}

/**
 * Introspection of the service, asked once for all who wait for one credential, and remembered by the credential's
 * SHA-256: until the answer's own `exp`, a change of its key in the feed, or the end of the feed's life; 60 s at most, and
 * 5 s where no feed lives. That a credential is not good is remembered for a second. An answer that was asked for before
 * a change of its key is asked for again.
 *
 * @see RFC 7662; our contract, sections 4 and 6
 * @throws {TypeError} when the address is not to be trusted, the verifier is none, or a number is not above 0.
 */
export function introspection(options: IntrospectionOptions): Introspection {
  const { revocations, timeoutMs = 5_000, maxEntries = 10_000 } = options
  const { now = Date.now, monotonicNow = () => performance.now() } = options
  if (!(timeoutMs > 0 && maxEntries > 0)) throw new TypeError('timeoutMs and maxEntries must be above 0')
  const base = parseServiceAddress(options.address, 'introspection')
  const verifier = parseVerifierCredential(options.verifier)
  const target: IntrospectionTarget = { url: endpointOf(base, INTROSPECTION_PATH), verifier, timeoutMs }
  const good = new BoundedMap<Entry>(maxEntries)
  const refused = new BoundedMap<Entry>(MAX_REFUSALS)
  const flights = new Map<string, Promise<IntrospectionAnswer>>()

  function hasChangedSince(keyId: string, change: number): boolean {
    return (revocations?.lastChangeOf(keyId)?.number ?? 0) > change
  }

  /** A node may be as far behind the feed as the bound allows: what it says soon after a change is not kept beyond that. */
  function keepMs(keyId: string, underFeed: boolean): number {
    const { ageMs = Number.POSITIVE_INFINITY } = revocations?.lastChangeOf(keyId) ?? {}
    if (!underFeed) return DEFAULT_MAX_AGE_MS
    return ageMs >= DEFAULT_MAX_AGE_MS ? KEEP_UNDER_FEED_MS : DEFAULT_MAX_AGE_MS - ageMs
  }

  const present = (): Moment => ({ monotonicMs: monotonicNow(), wallMs: now() })
  const hasCome = ({ monotonicMs, wallMs }: Moment) => monotonicNow() >= monotonicMs || now() >= wallMs

  function isOver({ answer, until, change, underFeed }: Entry): boolean {
    if (hasCome(until) || (underFeed && !revocations?.isLiving())) return true
    if (answer.is !== 'active') return false
    const { exp = Number.POSITIVE_INFINITY, sub } = answer.credential
    return now() >= exp * 1000 || hasChangedSince(sub, change)
  }

  function remembered(name: string): IntrospectionAnswer | undefined {
    const entry = good.get(name) ?? refused.get(name)
    if (entry === undefined || !isOver(entry)) return entry?.answer
    good.delete(name)
    refused.delete(name)
    return undefined
  }

  async function fetchEntry(credential: string): Promise<Entry> {
    const change = revocations?.lastChange() ?? 0
    const underFeed = revocations?.isLiving() ?? false
    const startedAt = present()
    try {
      const response = await fetchIntrospection(target, credential)
      if (response.active) {
        const until = later(startedAt, keepMs(response.sub, underFeed))
        return { answer: { is: 'active', credential: response }, until, change, underFeed }
      }
      return {
        answer: { is: 'inactive' },
        until: later(startedAt, KEEP_REFUSAL_MS),
        change,
        underFeed: false,
      }
    } catch (error) {
      const answer = { is: 'unavailable', detail: describeFailure(error, 'introspection') } as const
      return { answer, until: later(present(), KEEP_REFUSAL_MS), change, underFeed: false }
    }
  }

  async function fly(name: string, credential: string): Promise<IntrospectionAnswer> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const entry = await fetchEntry(credential)
      const { answer, change } = entry
      if (answer.is === 'active' && hasChangedSince(answer.credential.sub, change)) continue
      const map = answer.is === 'active' ? good : refused
      map.set(name, entry)
      return answer
    }
    return { is: 'unavailable', detail: 'the key changes faster than introspection answers' }
  }

  return {
    async ask(credential) {
      const name = createHash('sha256').update(credential).digest('base64')
      const known = remembered(name)
      if (known !== undefined) return known
      const flight = flights.get(name)
      if (flight !== undefined) return flight
      if (flights.size >= MAX_FLIGHTS)
        return { is: 'unavailable', detail: 'too many credentials are asked about' }
      const started = fly(name, credential).finally(() => flights.delete(name))
      flights.set(name, started)
      return started
    },
  }
}
