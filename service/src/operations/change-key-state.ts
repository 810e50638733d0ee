import { type ApiKey, disableApiKey, enableApiKey, revokeApiKey } from '../api-key.ts'
import type { AuditAction } from '../audit.ts'
import type { Store } from '../store/store.ts'
import type { Acting } from './acting.ts'
import { auditKeyChange } from './audit-key.ts'

const CHANGES = {
  disable: { change: disableApiKey, action: 'key.disable' },
  enable: { change: enableApiKey, action: 'key.enable' },
  revoke: { change: revokeApiKey, action: 'key.revoke' },
} as const satisfies Record<string, { change: (key: ApiKey) => ApiKey; action: AuditAction }>

/** What changes the state of a key. */
export type StateChange = keyof typeof CHANGES

/** Says whether a word names a {@link StateChange}. */
export function isStateChange(word: string): word is StateChange {
  return Object.hasOwn(CHANGES, word)
}

/**
 * Disables, enables or revokes a key. One that is in the state already is left as it is.
 *
 * @returns the key as it is now, or `undefined` when there is none of this id.
 * @throws {KeyChangeError} when the key is revoked, and that was not what was asked for.
 */
export function changeKeyState(
  store: Pick<Store, 'changeApiKey'>,
  keyId: string,
  word: StateChange,
  by: Acting,
): Promise<ApiKey | undefined> {
  const { change, action } = CHANGES[word]
  return store.changeApiKey(keyId, (key) => auditKeyChange(key, change(key), action, by))
}
