import { resolve } from 'node:path'
import { type CommandGroup, readText } from '../../command-group.ts'
import { UsageError } from '../../usage-error.ts'
import { openStoreFor } from '../open-store-for.ts'

/** What `rewrap` asks for. */
interface RewrapCommand {
  /** Absolute. */
  readonly newMasterKeyFile: string
}

/** `rewrap`. */
export const rewrapGroup: CommandGroup<RewrapCommand> = {
  options: { 'new-master-key-file': { type: 'string' } },
  usage: ['rewrap --new-master-key-file FILE'],
  explainedOptions: [
    ['--new-master-key-file', 'what everything shall be sealed under; made, 0600, if it is not there'],
  ],
  read(words, values) {
    if (words.length > 0) throw new UsageError('rewrap takes no argument')
    const file = readText(values, 'new-master-key-file')
    if (file === undefined || file === '') throw new UsageError('rewrap needs --new-master-key-file FILE')
    return { newMasterKeyFile: resolve(file) }
  },
  async run({ newMasterKeyFile }, context) {
    const { rewrapStore } = await import('./run.ts')
    const store = await openStoreFor(context, { mayBeNew: false })
    try {
      await rewrapStore(newMasterKeyFile, store, context)
      return 0
    } finally {
      await store.close()
    }
  },
}
