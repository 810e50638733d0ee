import { type ApiKey, changeApiKey, type KeyChange } from '../api-key.ts'
import type { Store } from '../store/store.ts'
import type { Acting } from './acting.ts'
import { auditKeyChange } from './audit-key.ts'

/**
 * Changes what a key is called, may do, and until when it lives. A key that is so already is left as it is.
 *
 * @returns the key as it is now, or `undefined` when there is none of this id.
 * @throws {KeyChangeError} when the key is revoked, or the expiry lies in the past.
 */
export function changeKey(
  store: Pick<Store, 'changeApiKey'>,
  keyId: string,
  change: KeyChange,
  by: Acting,
): Promise<ApiKey | undefined> {
  return store.changeApiKey(keyId, (key) => {
    const changed = changeApiKey(key, change, by.now)
    return auditKeyChange(key, changed, 'key.change', by)
  })
}
