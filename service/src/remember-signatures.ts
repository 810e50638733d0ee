import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { VerificationKey } from './verification-key.ts'

type FindVerificationKey = (kid: string) => VerificationKey | undefined

/** How many tokens are remembered at most. */
const MAX_TOKENS = 20_000

/**
 * Gives the same keys, which remember the signatures that were good: a token is asked about more than once in its life, and
 * the check costs more than all else. Of a token a hash is kept, never itself. It counts for that very key only, so that a key
 * which is lost or whose time is over takes with it what was remembered of it; claims, generation and revocation are judged
 * each time.
 */
export function rememberSignatures(find: FindVerificationKey): FindVerificationKey {
  const good = new LRUCache<string, VerificationKey>({ max: MAX_TOKENS })
  const remembering = new WeakMap<VerificationKey, VerificationKey>()

  function remember(key: VerificationKey): VerificationKey {
    return {
      algorithm: key.algorithm,
      matches(signed, signature) {
        const name = hash('sha256', `${signed}.${Buffer.from(signature).toString('base64url')}`, 'base64url')
        if (good.get(name) === key) return true
        if (!key.matches(signed, signature)) return false
        good.set(name, key)
        return true
      },
    }
  }

  return function findRemembering(kid) {
    const key = find(kid)
    if (key === undefined) return undefined
    const known = remembering.get(key) ?? remember(key)
    remembering.set(key, known)
    return known
  }
}
