import type { KeySource } from './key-source.ts'
import { sharedVerificationKey, type VerificationKey } from './verification-key.ts'

/** An HS256 key that the operator handed over. */
export interface SharedKey {
  /** The `kid` of the tokens that it signs. */
  readonly kid: string
  /** At least 32 bytes. */
  readonly secret: Uint8Array
}

/**
 * Keys handed over by the operator of a service that signs with HS256. Prefer a key set: who holds a shared key can
 * issue tokens.
 *
 * @see Our contract, section 3
 * @throws {TypeError} when there is no key, a key is too short, or two have one `kid`.
 */
export function sharedKeys(keys: readonly SharedKey[]): KeySource {
  if (keys.length === 0) throw new TypeError('at least one shared key is needed')
  const table = new Map<string, VerificationKey>()
  for (const { kid, secret } of keys) {
    if (table.has(kid)) throw new TypeError('two shared keys have one kid')
    table.set(kid, sharedVerificationKey(secret))
  }
  return {
    async find(kid) {
      const key = table.get(kid)
      return key === undefined ? { missing: 'unknown' } : { key }
    },
  }
}
