import type { Scope } from '@interhuman-auth/protocol'
import { type ApiKey, createApiKey, KeyChangeError } from '../api-key.ts'
import type { RandomBytes } from '../base62.ts'
import { newKeyId, newKeySecret } from '../key-format.ts'
import type { AuditedKey, Store } from '../store/store.ts'
import type { Acting } from './acting.ts'
import { auditNewKey } from './audit-key.ts'

/** What a key shall be. */
export interface KeyCreation {
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Epoch seconds, or `null` for never. */
  readonly expiresAt: number | null
  /** Whether the secret itself may be used as a bearer credential. */
  readonly direct: boolean
}

/** A key that is not written yet, with the secret that it is shown by: once, by whoever commits it. */
export interface NewKey {
  readonly secret: string
  readonly added: AuditedKey
}

/** What of a key is drawn at random. */
export interface DrawnKey {
  readonly keyId: string
  readonly secret: string
}

/** Draws the id and the secret of a key. */
export function drawKey(randomBytes: RandomBytes): DrawnKey {
  return { secret: newKeySecret(randomBytes), keyId: newKeyId(randomBytes) }
}

/**
 * Makes a key, and the audit entry that is written with it.
 *
 * @throws {KeyChangeError} when it would have expired already.
 */
export function createKey(creation: KeyCreation, by: Acting, randomBytes: RandomBytes): NewKey {
  if (creation.expiresAt !== null && creation.expiresAt <= by.now) throw new KeyChangeError('expiry_in_past')
  return createDrawnKey(creation, by, drawKey(randomBytes))
}

/** Makes a key of an id and a secret that were drawn before; its end may have come meanwhile. */
export function createDrawnKey(creation: KeyCreation, by: Acting, { keyId, secret }: DrawnKey): NewKey {
  const key = createApiKey({ ...creation, keyId, secret, createdAt: by.now })
  return { secret, added: auditNewKey(key, by) }
}

/** Writes a key that was made. @returns it as it is kept. */
export async function commitKey(store: Pick<Store, 'insertApiKey'>, { added }: NewKey): Promise<ApiKey> {
  await store.insertApiKey(added)
  return added.key
}
