import type { CommandGroup } from '../../command-group.ts'
import { UsageError } from '../../usage-error.ts'
import { openStoreFor } from '../open-store-for.ts'
import { writeFields } from '../output.ts'

/** `migrate`: brings the schema of the store up to date, as a start would, and says what it did. */
export const migrateGroup: CommandGroup<null> = {
  options: {},
  usage: ['migrate'],
  explainedOptions: [],
  read(words) {
    if (words.length > 0) throw new UsageError('migrate takes no argument')
    return null
  },
  async run(_, context) {
    const { config, runtime } = context
    const from = await runtime.readSchemaVersion(config)
    const store = await openStoreFor(context, { mayBeNew: false })
    await store.close()
    const to = await runtime.readSchemaVersion(config)
    if (context.json) writeFields({ from, to }, context)
    else
      runtime.writeOutput(
        from === to ? `nothing to do: the schema is ${to}\n` : `migrated from schema ${from} to ${to}\n`,
      )
    return 0
  },
}
