import { resolve } from 'node:path'
import { type CommandGroup, readText } from '../../command-group.ts'
import { UsageError } from '../../usage-error.ts'
import { openStoreFor } from '../open-store-for.ts'

/** What `export` asks for; both absolute. */
interface ExportCommand {
  readonly target: string
  readonly passphraseFile: string
}

/** `export FILE`: a whole store, so that `import` can put it into another database. */
export const exportGroup: CommandGroup<ExportCommand> = {
  options: { 'passphrase-file': { type: 'string' } },
  usage: ['export FILE --passphrase-file FILE'],
  explainedOptions: [
    [
      '--passphrase-file',
      'what signing keys and secrets are sealed under in an export; 0600, at least 16 characters',
    ],
  ],
  read([file, ...rest], values) {
    if (file === undefined || file === '' || rest.length > 0) throw new UsageError('export needs one file')
    const passphrase = readText(values, 'passphrase-file')
    if (passphrase === undefined || passphrase === '')
      throw new UsageError('export needs --passphrase-file FILE')
    return { target: resolve(file), passphraseFile: resolve(passphrase) }
  },
  async run(command, context) {
    const { exportStore } = await import('./run.ts')
    const store = await openStoreFor(context, { mayBeNew: false })
    try {
      await exportStore(command, store, context)
      return 0
    } finally {
      await store.close()
    }
  },
}
