import { type ApiKey, endOverlap, KeyChangeError } from '../api-key.ts'
import { isInUse } from '../secret-use.ts'
import type { Store } from '../store/store.ts'
import type { Acting } from './acting.ts'
import { auditKeyChange } from './audit-key.ts'

/**
 * Ends the older of two secrets of a key before its overlap is over, and the tokens that it was exchanged for.
 *
 * @param force end it although somebody uses it still.
 * @returns the key as it is now, or `undefined` when there is none of this id.
 * @throws {KeyChangeError} when the key is revoked, has one secret only, or when the older one is in use and `force` is not
 *   set.
 */
export async function endKeyOverlap(
  store: Pick<Store, 'changeApiKey' | 'listSecretUses'>,
  keyId: string,
  { force }: { readonly force: boolean },
  by: Acting,
): Promise<ApiKey | undefined> {
  const uses = force ? [] : await store.listSecretUses(keyId)
  return store.changeApiKey(keyId, (key) => {
    const ended = endOverlap(key, by.now)
    if (uses.some((use) => use.secretNumber === key.previousSecret?.number && isInUse(use, by.now)))
      throw new KeyChangeError('old_secret_in_use')
    return auditKeyChange(key, ended, 'key.end_overlap', by, { force })
  })
}
