import { JSON_CONTENT_TYPE, type KeySet, parseKeySet } from '@interhuman-auth/protocol'
import { parseJsonObject } from './jws.ts'
import { readBounded } from './read-bounded.ts'

/** The largest key set that is read, in bytes; one key has about 200. */
export const MAX_KEY_SET_BYTES = 65_536

/** A key set and how long its server says that it may be kept. */
export interface FetchedKeySet {
  readonly keySet: KeySet
  /** `max-age` in seconds; `undefined` when the answer has none. */
  readonly maxAgeSeconds: number | undefined
}

/**
 * Fetches a key set once: no redirect followed, bounded in time and in size, no retry. With `NODE_USE_ENV_PROXY` Node
 * sends it through the proxy that the environment names, to loopback as well unless `NO_PROXY` names that.
 *
 * @throws {Error} whose message says what went wrong in words for the operator, without anything from the answer.
 */
export async function fetchKeySet(url: URL, timeoutMs: number): Promise<FetchedKeySet> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, { redirect: 'manual', signal, headers: { Accept: JSON_CONTENT_TYPE } })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`the key set answered with status ${response.status}`)
    }
    const body = await readBounded(response, MAX_KEY_SET_BYTES, 'the key set')
    const keySet = parseKeySet(parseJsonObject(body))
    return { keySet, maxAgeSeconds: parseMaxAge(response.headers.get('cache-control')) }
  } catch (error) {
    if (signal.aborted) throw new Error(`the key set did not arrive within ${timeoutMs} ms`)
    throw error
  }
}

function parseMaxAge(cacheControl: string | null): number | undefined {
  const seconds = /(?:^|[\s,])max-age="?(\d{1,9})\b/i.exec(cacheControl ?? '')?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}
