import { resolve } from 'node:path'
import { type CommandGroup, readText } from '../../command-group.ts'
import { UsageError } from '../../usage-error.ts'
import { openStoreFor } from '../open-store-for.ts'

/** What `import` asks for; both absolute. */
interface ImportCommand {
  readonly source: string
  readonly passphraseFile: string
}

/** `import FILE`: what `export` wrote, into an empty store. */
export const importGroup: CommandGroup<ImportCommand> = {
  options: { 'passphrase-file': { type: 'string' } },
  usage: ['import FILE --passphrase-file FILE'],
  explainedOptions: [],
  read([file, ...rest], values) {
    if (file === undefined || file === '' || rest.length > 0) throw new UsageError('import needs one file')
    const passphrase = readText(values, 'passphrase-file')
    if (passphrase === undefined || passphrase === '')
      throw new UsageError('import needs --passphrase-file FILE')
    return { source: resolve(file), passphraseFile: resolve(passphrase) }
  },
  async run(command, context) {
    const { importStore } = await import('./run.ts')
    const store = await openStoreFor(context, { mayBeNew: true })
    try {
      await importStore(command, store, context)
      return 0
    } finally {
      await store.close()
    }
  },
}
