import { LRUCache } from 'lru-cache'
import { type KeyCredentials, keepApart } from './authenticate-key.ts'
import type { ChangeWatch } from './change-watch.ts'
import { StoreUnavailableError } from './store/store-error.ts'

/** How a key is found, by its id or by the SHA-256 of one of its secrets. */
export interface KeyCredentialLookups {
  findKeyCredentials(keyId: string): Promise<KeyCredentials | undefined>
  findKeyCredentialsBySecret(secretHash: Buffer): Promise<KeyCredentials | undefined>
}

/** What the cache did so far, for whoever counts. */
export interface KeyCacheCounts {
  readonly size: number
  readonly hits: number
  readonly misses: number
}

/** Look-ups that remember. */
export interface KeyCache extends KeyCredentialLookups {
  counts(): KeyCacheCounts
}

/** A look-up that is under way, shared by all who ask for its key. */
interface Flight {
  found?: Promise<KeyCredentials | undefined>
  /** The last revision of its key that was heard of since its reading began; after a reset more than any. */
  heard: number
}

/** How often a look-up is begun again because a change outran it. */
const MAX_TRIES = 5

/**
 * Remembers the keys that were found, at most `maxKeys` of them; that a key is not there is never remembered. Each bears the
 * revision of its last change. Once the watch tells of a later one, it is dropped; and what a look-up under way has read
 * is neither put in nor answered where it is older than what was heard meanwhile, but read again: that reading begins
 * behind the change. Nothing is answered while it is fetched again, and nothing at all once the database has not been
 * seen for too long.
 */
export function cacheKeys(
  store: KeyCredentialLookups,
  watch: Pick<ChangeWatch, 'subscribe' | 'isStale' | 'freshen'>,
  maxKeys: number,
): KeyCache {
  const keys = new LRUCache<string, KeyCredentials>({ max: maxKeys })
  const idsBySecret = new LRUCache<string, string>({ max: maxKeys })
  const flights = new Map<string, Flight>()
  let hits = 0
  let misses = 0

  watch.subscribe((changes, reset) => {
    if (reset) {
      keys.clear()
      for (const flight of flights.values()) flight.heard = Number.POSITIVE_INFINITY
    }
    for (const { kind, subject, revision } of changes) {
      if (kind !== 'key') continue
      const flight = flights.get(subject)
      if (flight !== undefined) flight.heard = Math.max(flight.heard, revision)
      const known = keys.peek(subject)
      if (known !== undefined && known.revision < revision) keys.delete(subject)
    }
  })

  /** Ends the flight in the very step that puts the key in, so that no change falls between the two. */
  async function read(keyId: string, flight: Flight): Promise<KeyCredentials | undefined> {
    try {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        flight.heard = 0
        const key = await store.findKeyCredentials(keyId)
        if ((key?.revision ?? 0) < flight.heard) continue
        if (key !== undefined) keys.set(keyId, keepApart(key))
        return key
      }
    } finally {
      flights.delete(keyId)
    }
    throw new StoreUnavailableError('the key is changed faster than it is read')
  }

  function fetchKey(keyId: string): Promise<KeyCredentials | undefined> {
    const underWay = flights.get(keyId)?.found
    if (underWay !== undefined) return underWay
    const flight: Flight = { heard: 0 }
    flights.set(keyId, flight)
    flight.found = read(keyId, flight)
    return flight.found
  }

  async function findKeyCredentials(keyId: string): Promise<KeyCredentials | undefined> {
    if (watch.isStale()) await watch.freshen()
    const known = keys.get(keyId)
    if (known !== undefined) {
      hits += 1
      return known
    }
    misses += 1
    return fetchKey(keyId)
  }

  /** By the id that the secret led to last; whether the key still has that secret is for whoever compares. */
  async function findKeyCredentialsBySecret(secretHash: Buffer): Promise<KeyCredentials | undefined> {
    if (watch.isStale()) await watch.freshen()
    const name = secretHash.toString('base64url')
    const keyId = idsBySecret.get(name)
    if (keyId !== undefined) return findKeyCredentials(keyId)
    misses += 1
    const key = await store.findKeyCredentialsBySecret(secretHash)
    if (key === undefined) return undefined
    idsBySecret.set(name, key.keyId)
    return findKeyCredentials(key.keyId)
  }

  return { findKeyCredentials, findKeyCredentialsBySecret, counts: () => ({ size: keys.size, hits, misses }) }
}
