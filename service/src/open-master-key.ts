import type { RandomBytes } from './base62.ts'
import { masterKeyId, UnsealError } from './master-key.ts'
import { type MasterKeySettings, readMasterKey } from './read-master-key.ts'
import { createRenewableMasterKey, type RenewableMasterKey } from './renewable-master-key.ts'
import { findReplacement } from './replaced-master-keys.ts'
import { AUDIT_CHAIN_SETTING, openSealedSetting } from './sealed-secrets.ts'
import { openSigningKey } from './signing-key.ts'
import { StartupError } from './startup-error.ts'
import type { Store } from './store/store.ts'
import { IMPORT_MARKER } from './store/transfer.ts'

/** The master key of a store, known to open it. */
export interface OpenedMasterKey {
  readonly bytes: Buffer
  readonly renewable: RenewableMasterKey
}

/**
 * Reads the master key and makes sure that it is the one of this store.
 *
 * @param defaultFile where it is when no setting says; made there as long as nothing is sealed.
 * @throws {StartupError} when it is absent, unsafe, or does not open what is sealed, or the store is only half imported.
 */
export async function openMasterKey(
  store: Pick<Store, 'listSigningKeys' | 'findSetting'>,
  settings: MasterKeySettings,
  defaultFile: string,
  randomBytes: RandomBytes,
): Promise<OpenedMasterKey> {
  if ((await store.findSetting(IMPORT_MARKER)) !== undefined)
    throw new StartupError('an import into this store has not ended; run the same import once more')
  return openMasterKeyForImport(store, settings, defaultFile, randomBytes)
}

/**
 * The same of a store that is being imported.
 *
 * @throws {StartupError} when it is absent, unsafe, or does not open what is sealed.
 */
export async function openMasterKeyForImport(
  store: Pick<Store, 'listSigningKeys' | 'findSetting'>,
  settings: MasterKeySettings,
  defaultFile: string,
  randomBytes: RandomBytes,
): Promise<OpenedMasterKey> {
  const held = await store.listSigningKeys()
  const sealed = await store.findSetting(AUDIT_CHAIN_SETTING)
  const read = (inUse: boolean) => readMasterKey(settings, { file: defaultFile, inUse, randomBytes })
  const bytes = await read(held.length > 0 || sealed !== undefined)
  try {
    for (const key of held) openSigningKey(key, bytes)
    if (sealed !== undefined) openSealedSetting({ name: AUDIT_CHAIN_SETTING, value: sealed }, bytes)
  } catch (error) {
    throw error instanceof UnsealError ? await describeWrongMasterKey(store, bytes) : error
  }
  return { bytes, renewable: createRenewableMasterKey(bytes, () => read(true)) }
}

/** The one line for a master key that does not open the store. */
export async function describeWrongMasterKey(
  store: Pick<Store, 'findSetting'>,
  masterKey: Buffer,
): Promise<StartupError> {
  const replacement = await findReplacement(store, masterKeyId(masterKey))
  return new StartupError(
    replacement === undefined
      ? 'the master key does not open the signing keys of this store; put the right one back'
      : `this master key was replaced by a rewrap at ${new Date(replacement.at * 1000).toISOString()}; give the new one`,
  )
}
