import { KEY_SECRET_PREFIX } from '@interhuman-auth/protocol'
import { type RandomBytes, randomBase62 } from './base62.ts'
import { newSecret } from './secret-format.ts'

/** How every key id begins. */
export const KEY_ID_PREFIX = 'ihk_'

const keyIdPattern = /^ihk_[0-9A-Za-z]{20}$/

/** Makes a key id: `ihk_` and 20 base62 characters (our contract, section 7). */
export function newKeyId(randomBytes: RandomBytes): string {
  return KEY_ID_PREFIX + randomBase62(20, randomBytes)
}

/** Says whether a value has the form of a key id; only such a value may stand in a log line or an error. */
export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && keyIdPattern.test(value)
}

/** Makes a key secret: `ih_live_`, 43 base62 characters and their checksum (our contract, section 7). */
export function newKeySecret(randomBytes: RandomBytes): string {
  return newSecret(KEY_SECRET_PREFIX, randomBytes)
}
