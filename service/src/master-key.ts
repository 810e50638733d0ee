import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
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
 * Makes the key of one purpose out of the master key: the same at every start and on every node that has the master key.
 *
 * @see RFC 5869
 */
export function deriveKey(masterKey: Buffer, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', masterKey, '', purpose, MASTER_KEY_BYTES)))
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
