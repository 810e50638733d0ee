import { type ApiKey, changeApiKey, disableApiKey, enableApiKey, type KeyChange } from '../api-key.ts'
import type { AuditAction } from '../audit.ts'
import type { Store } from '../store/store.ts'
import type { Acting } from './acting.ts'
import { auditKeyChange } from './audit-key.ts'

/** What a key shall be from now on, and whether it works; what is absent stays as it is. */
export interface KeyAndStateChange extends KeyChange {
  readonly state?: 'active' | 'disabled' | undefined
}

/**
 * Changes what a key is called, may do, until when it lives, and whether it works. A key that is so already is left as it is.
 *
 * @returns the key as it is now, or `undefined` when there is none of this id.
 * @throws {KeyChangeError} when the key is revoked, or the expiry lies in the past.
 */
export function changeKey(
  store: Pick<Store, 'changeApiKey'>,
  keyId: string,
  { state, ...change }: KeyAndStateChange,
  by: Acting,
): Promise<ApiKey | undefined> {
  return store.changeApiKey(keyId, (key) => {
    const changed = changeApiKey(key, change, by.now)
    if (state === undefined) return auditKeyChange(key, changed, 'key.change', by)
    const after = state === 'disabled' ? disableApiKey(changed) : enableApiKey(changed)
    const action: AuditAction = state === 'disabled' ? 'key.disable' : 'key.enable'
    return auditKeyChange(key, after, changed === key ? action : 'key.change', by)
  })
}
