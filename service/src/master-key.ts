import { createCipheriv, createDecipheriv, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { RandomBytes } from './base62.ts'

/** The length of a master key, in bytes. */
export const MASTER_KEY_BYTES = 32

const FORMAT = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = 1 + NONCE_BYTES + TAG_BYTES

/** What was sealed does not open: another master key, another context, or damaged bytes. */
export class UnsealError extends Error {
  override readonly name = 'UnsealError'
}

/**
 * Makes the bytes of one purpose out of the master key: the same wherever the master key is the same, and of no use to
 * find it.
 *
 * @see RFC 5869
 */
export function deriveBytes(masterKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', purpose, MASTER_KEY_BYTES))
}

/** What a master key is called where it must not be shown. */
export function masterKeyId(masterKey: Buffer): string {
  return deriveBytes(masterKey, 'master key id').toString('hex', 0, 16)
}

/**
 * Encrypts bytes for the store with AES-256-GCM, bound to a context so that one row cannot stand in for another.
 * Layout: format (1), nonce (12), tag (16), ciphertext.
 */
export function seal(
  masterKey: Buffer,
  plaintext: Buffer,
  context: string,
  randomBytes: RandomBytes,
): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce)
  cipher.setAAD(Buffer.from(context))
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return Buffer.concat([Buffer.of(FORMAT), nonce, cipher.getAuthTag(), ciphertext])
}

/**
 * Decrypts what {@link seal} made.
 *
 * @throws {UnsealError} when master key, context or bytes are not those of the sealing.
 */
export function unseal(masterKey: Buffer, sealed: Buffer, context: string): Buffer {
  if (sealed[0] !== FORMAT || sealed.length < HEADER_BYTES) throw new UnsealError('unknown sealing format')
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEADER_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEADER_BYTES)), decipher.final()])
  } catch {
    throw new UnsealError('the master key does not open this')
  }
}

/**
 * Seals under another master key what {@link seal} made, and makes sure that it opens again.
 *
 * @throws {UnsealError} when `from` does not open it.
 */
export function reseal(
  sealed: Buffer,
  context: string,
  masterKeys: { readonly from: Buffer; readonly to: Buffer },
  randomBytes: RandomBytes,
): Buffer {
  const plaintext = unseal(masterKeys.from, sealed, context)
  const again = seal(masterKeys.to, plaintext, context, randomBytes)
  const opened = unseal(masterKeys.to, again, context)
  if (opened.length !== plaintext.length || !timingSafeEqual(opened, plaintext))
    throw new UnsealError('what was sealed again does not open to the same')
  return again
}
