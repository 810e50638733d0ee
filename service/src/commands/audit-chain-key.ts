import type { KeyObject } from 'node:crypto'
import type { CommandContext } from '../command-group.ts'
import { dataFolder } from '../data-folder.ts'
import { openMasterKey } from '../open-master-key.ts'
import { openAuditChainKey } from '../sealed-secrets.ts'
import type { Store } from '../store/store.ts'

/**
 * Opens the key that chains the audit of a store, with the master key that the settings name.
 *
 * @throws {StartupError} when the master key is absent, unsafe, or not that of this store.
 */
export async function openAuditChainKeyOf(
  store: Store,
  { config, runtime }: CommandContext,
): Promise<KeyObject> {
  const { masterKey } = dataFolder(config.dataDir)
  const { bytes } = await openMasterKey(store, config, masterKey, runtime.randomBytes)
  return openAuditChainKey(store, bytes, runtime.randomBytes)
}
