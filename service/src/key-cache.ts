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

/** A look-up that a change may outrun while it is under way. */
interface Flight {
  readonly found: Promise<KeyCredentials | undefined>
  outrun: boolean
}

/** How often a look-up is begun again because a change outran it. */
const MAX_TRIES = 5

/**
 * Remembers the keys that were found, at most `maxKeys` of them, each with the revision of its last change; that a key is
 * not there is never remembered. A change that the watch tells of ends what is remembered of its key and every look-up of
 * it that is under way, so that one that began before a revocation puts nothing back. Nothing is answered while it is
 * fetched again, and nothing at all once the database has not been seen for too long.
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
      for (const keyId of flights.keys()) outrun(keyId)
    }
    for (const { kind, subject } of changes) {
      if (kind !== 'key') continue
      keys.delete(subject)
      outrun(subject)
    }
  })

  function outrun(keyId: string): void {
    const flight = flights.get(keyId)
    if (flight === undefined) return
    flight.outrun = true
    flights.delete(keyId)
  }

  function begin(keyId: string): Flight {
    const found = store.findKeyCredentials(keyId)
    const flight: Flight = { found, outrun: false }
    flights.set(keyId, flight)
    const end = () => {
      if (flights.get(keyId) === flight) flights.delete(keyId)
    }
    found.then(end, end)
    return flight
  }

  async function fetchKey(keyId: string): Promise<KeyCredentials | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const flight = flights.get(keyId) ?? begin(keyId)
      const key = await flight.found
      if (flight.outrun) continue
      if (key !== undefined) keys.set(keyId, keepApart(key))
      return key
    }
    throw new StoreUnavailableError('the key is changed faster than it is read')
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
