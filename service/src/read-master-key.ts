import type { RandomBytes } from './base62.ts'
import { parseMasterKey, readMasterKeyFile, settleMasterKeyFile } from './data-folder.ts'
import { type MasterKeyCommand, readCommandOutput } from './master-key-command.ts'

/** Where the master key comes from; at most one of them. */
export interface MasterKeySettings {
  readonly masterKey: string | null
  readonly masterKeyFile: string | null
  readonly masterKeyCommand: MasterKeyCommand | null
}

/** Where it comes from when no setting says. */
export interface MasterKeyDefault {
  /** `master.key` of the data folder. */
  readonly file: string
  /** Whether something is sealed under it already: then a file that is missing is an error, otherwise it is made. */
  readonly inUse: boolean
  readonly randomBytes: RandomBytes
}

/**
 * Reads the master key from the environment, a file or a command.
 *
 * @throws {StartupError} when it is absent, unsafe or not a master key.
 */
export async function readMasterKey(
  settings: MasterKeySettings,
  { file, inUse, randomBytes }: MasterKeyDefault,
): Promise<Buffer> {
  const { masterKey, masterKeyFile, masterKeyCommand } = settings
  if (masterKey !== null) return parseMasterKey(masterKey, 'the master key in the environment')
  if (masterKeyFile !== null) return readMasterKeyFile(masterKeyFile)
  if (masterKeyCommand !== null)
    return parseMasterKey(await readCommandOutput(masterKeyCommand), 'the output of the master key command')
  return inUse ? readMasterKeyFile(file) : settleMasterKeyFile(file, randomBytes)
}
