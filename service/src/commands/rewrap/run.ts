import type { CommandContext } from '../../command-group.ts'
import { dataFolder, settleMasterKeyFile } from '../../data-folder.ts'
import { openMasterKey } from '../../open-master-key.ts'
import { rewrap } from '../../operations/rewrap.ts'
import type { Store } from '../../store/store.ts'
import { actingByDatabaseTime } from '../acting.ts'
import { writeFields } from '../output.ts'

/**
 * `rewrap`: everything that is sealed is sealed under another master key. The one before opens nothing then, so the new one is
 * on the disk first.
 *
 * @param newFile absolute.
 * @throws {StartupError | OperatorError} when one of the two is absent, unsafe or wrong, or both are the same.
 */
export async function rewrapStore(newFile: string, store: Store, context: CommandContext): Promise<void> {
  const { config, runtime } = context
  const { randomBytes } = runtime
  const from = await openMasterKey(store, config, dataFolder(config.dataDir).masterKey, randomBytes)
  const to = settleMasterKeyFile(newFile, randomBytes)
  const tools = { store, randomBytes }
  const by = await actingByDatabaseTime(store, context)
  const { signingKeys, secrets } = await rewrap(tools, { from: from.bytes, to }, by)
  // Opened once more as a start would, from what is kept.
  await openMasterKey(
    store,
    { masterKey: null, masterKeyFile: newFile, masterKeyCommand: null },
    newFile,
    randomBytes,
  )
  writeFields({ signing_keys: signingKeys, secrets, master_key_file: newFile }, context)
  runtime.writeMessage(
    'the old master key opens nothing any more; give every node the new one, in the old one’s place or by its setting',
  )
}
