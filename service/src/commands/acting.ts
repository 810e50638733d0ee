import type { CommandContext } from '../command-group.ts'
import type { Acting } from '../operations/acting.ts'
import type { Store } from '../store/store.ts'

/** Who does something by a command: the user of the machine, now. */
export function actingByCommand({ runtime }: CommandContext): Acting {
  return { actor: `command:${runtime.user}`, origin: 'command', now: runtime.now() }
}

/**
 * The same by the clock of the database, for every change that others hear of or compare with their time: by a machine's clock
 * that is an hour off, nobody would hear of a revocation.
 *
 * @throws {StoreUnavailableError}
 */
export async function actingByDatabaseTime(
  store: Pick<Store, 'readChanges'>,
  context: CommandContext,
): Promise<Acting> {
  const { databaseTimeMs } = await store.readChanges(Number.MAX_SAFE_INTEGER)
  return { ...actingByCommand(context), now: Math.floor(databaseTimeMs / 1000) }
}
