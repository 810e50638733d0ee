import type { RandomBytes } from '../base62.ts'
import type { RenewableMasterKey } from '../renewable-master-key.ts'
import { openSigningKey, type SigningKey } from '../signing-key.ts'
import { living, type RotationContext, type SigningKeyChange } from '../signing-keys.ts'
import type { Store } from '../store/store.ts'
import type { Acting } from './acting.ts'
import { auditSigningKeys } from './audit-signing-keys.ts'

/** What a change of the signing keys is made with. */
export interface SigningKeyTools {
  readonly store: Pick<Store, 'changeSigningKeys'>
  readonly masterKey: RenewableMasterKey
  readonly randomBytes: RandomBytes
}

/**
 * Changes the signing keys of a settled store as `plan` says, audited. Nothing is written with a master key that is not the
 * one of the store: what it sealed nobody else could open.
 *
 * @returns the keys as they are now.
 * @throws {UnsealError} when the master key does not open the next key.
 */
export function changeSigningKeys(
  { store, masterKey, randomBytes }: SigningKeyTools,
  plan: (keys: readonly SigningKey[], context: RotationContext) => SigningKeyChange,
  by: Acting,
): Promise<readonly SigningKey[]> {
  return masterKey.use((bytes) => {
    let before: readonly SigningKey[] = []
    return store.changeSigningKeys(
      (keys) => {
        before = keys
        openSigningKey(living(keys).next, bytes)
        return plan(keys, { masterKey: bytes, now: by.now, randomBytes })
      },
      (change) => auditSigningKeys(before, change, by),
    )
  })
}
