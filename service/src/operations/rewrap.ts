import type { RandomBytes } from '../base62.ts'
import { masterKeyId } from '../master-key.ts'
import { OperatorError } from '../operator-error.ts'
import { formatReplaced } from '../replaced-master-keys.ts'
import { resealSetting } from '../sealed-secrets.ts'
import { resealSigningKey } from '../signing-key.ts'
import type { Store } from '../store/store.ts'
import { type Acting, toAuditEntry } from './acting.ts'

/** How much a rewrap sealed anew. */
export interface Rewrapped {
  readonly signingKeys: number
  readonly secrets: number
}

/**
 * Seals everything that is sealed under another master key, in one transaction. Each box is opened again under the new one
 * before anything is written.
 *
 * @throws {UnsealError} when `from` does not open the store.
 * @throws {OperatorError} when both are the same.
 */
export async function rewrap(
  { store, randomBytes }: { readonly store: Pick<Store, 'reseal'>; readonly randomBytes: RandomBytes },
  masterKeys: { readonly from: Buffer; readonly to: Buffer },
  by: Acting,
): Promise<Rewrapped> {
  if (masterKeys.from.equals(masterKeys.to)) throw new OperatorError('the new master key is the one in use')
  const [from, to] = [masterKeyId(masterKeys.from), masterKeyId(masterKeys.to)]
  let counts: Rewrapped = { signingKeys: 0, secrets: 0 }
  await store.reseal(
    ({ signingKeys, settings, replaced }) => {
      counts = { signingKeys: signingKeys.length, secrets: settings.length }
      return {
        signingKeys: signingKeys.map((key) => resealSigningKey(key, masterKeys, randomBytes)),
        settings: settings.map((setting) => resealSetting(setting, masterKeys, randomBytes)),
        replaced: formatReplaced(replaced, { id: from, at: by.now }),
      }
    },
    toAuditEntry(by, 'master_key.rewrap', to, {
      before: { master_key_id: from },
      after: { master_key_id: to },
    }),
  )
  return counts
}
