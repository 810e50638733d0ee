import { existsSync } from 'node:fs'
import type { CommandContext } from '../command-group.ts'
import { dataFolder, needsDataFolder, prepareDataFolder } from '../data-folder.ts'
import { StartupError } from '../startup-error.ts'
import type { Store } from '../store/store.ts'
import { openAuditChainKeyOf } from './audit-chain-key.ts'

/**
 * Opens the store for a command. Only one that fills an empty store makes a data folder; every other would only show that
 * a wrong one is empty. With PostgreSQL it holds the master key alone, where the settings name no other.
 *
 * @throws {StartupError} when there is no store, or it cannot be opened.
 */
export async function openStoreFor(
  context: CommandContext,
  { mayBeNew }: { readonly mayBeNew: boolean },
): Promise<Store> {
  const { config, runtime } = context
  if (config.databaseUrl === null) settleFolder(config.dataDir, mayBeNew)
  else if (mayBeNew && needsDataFolder(config)) prepareDataFolder(config.dataDir)
  const store = await runtime.openStore(config)
  store.chainAudit(() => openAuditChainKeyOf(store, context))
  return store
}

function settleFolder(path: string, mayBeNew: boolean): void {
  if (mayBeNew) prepareDataFolder(path)
  else if (!existsSync(dataFolder(path).database))
    throw new StartupError(`there is no database in ${path}; name the service's folder with --data-dir`)
}
