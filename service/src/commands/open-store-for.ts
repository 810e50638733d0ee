import { existsSync } from 'node:fs'
import type { CommandContext } from '../command-group.ts'
import { dataFolder, prepareDataFolder } from '../data-folder.ts'
import { StartupError } from '../startup-error.ts'
import type { Store } from '../store/store.ts'

/**
 * Opens the store for a command. Only one that fills an empty store makes a data folder; every other would only show that
 * a wrong one is empty. PostgreSQL needs none for it.
 *
 * @throws {StartupError} when there is no store, or it cannot be opened.
 */
export function openStoreFor(
  { config, runtime }: CommandContext,
  { mayBeNew }: { readonly mayBeNew: boolean },
): Promise<Store> {
  if (config.databaseUrl !== null) return runtime.openStore(config)
  if (mayBeNew) prepareDataFolder(config.dataDir)
  else if (!existsSync(dataFolder(config.dataDir).database))
    throw new StartupError(
      `there is no database in ${config.dataDir}; name the service's folder with --data-dir`,
    )
  return runtime.openStore(config)
}
