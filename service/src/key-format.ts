import { crc32 } from 'node:zlib'
import { formatBase62, type RandomBytes, randomBase62 } from './base62.ts'

/** How every key secret begins. */
export const SECRET_PREFIX = 'ih_live_'
const SECRET_LENGTH = 43
const CHECKSUM_LENGTH = 6

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

/**
 * Makes a key secret: `ih_live_`, 43 base62 characters (256 random bits) and the CRC-32 of all that in 6 more, by which
 * a secret scanner tells a real one (our contract, section 7).
 */
export function newKeySecret(randomBytes: RandomBytes): string {
  const body = SECRET_PREFIX + randomBase62(SECRET_LENGTH, randomBytes)
  return body + formatBase62(crc32(body), CHECKSUM_LENGTH)
}
