import type { Algorithm } from '@interhuman-auth/protocol'
import type { RandomBytes } from './base62.ts'
import { followSigningKeys, type LiveSigningKeys, type LiveSigningKeysContext } from './live-signing-keys.ts'
import type { OpenedMasterKey } from './open-master-key.ts'
import { auditSigningKeys } from './operations/audit-signing-keys.ts'
import type { SigningKey } from './signing-key.ts'
import { settleSigningKeys } from './signing-keys.ts'
import type { Store } from './store/store.ts'

/** What settling and following the signing keys needs from outside. */
export interface OpenSigningKeysContext extends Omit<LiveSigningKeysContext, 'store' | 'masterKey'> {
  readonly randomBytes: RandomBytes
  readonly store: Pick<Store, 'listSigningKeys' | 'changeSigningKeys'>
  readonly algorithm: Algorithm
  readonly masterKey: OpenedMasterKey
}

/** Settles the signing keys of a store at the start of a process, and follows them from then on. */
export async function openSigningKeys(context: OpenSigningKeysContext): Promise<LiveSigningKeys> {
  const { store, algorithm, masterKey, randomBytes } = context
  const now = context.now()
  let before: readonly SigningKey[] = []
  await store.changeSigningKeys(
    (keys) => {
      before = keys
      return settleSigningKeys(keys, { algorithm, masterKey: masterKey.bytes, now, randomBytes })
    },
    (change) => auditSigningKeys(before, change, { actor: 'start', origin: 'start', now }),
  )
  return followSigningKeys({ ...context, masterKey: masterKey.renewable })
}
