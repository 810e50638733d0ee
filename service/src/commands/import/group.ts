import { resolve } from 'node:path'
import { type CommandGroup, type OptionValues, readText } from '../../command-group.ts'
import type { ListFormat } from '../../key-list/read-list.ts'
import { UsageError } from '../../usage-error.ts'
import { openStoreFor } from '../open-store-for.ts'
import type { KeysImport } from './run-keys.ts'

/** What `import` asks for; the files by their absolute paths. */
type ImportCommand =
  | { readonly kind: 'store'; readonly source: string; readonly passphraseFile: string }
  | ({ readonly kind: 'keys' } & KeysImport)

/** `import FILE`: what `export` wrote, into an empty store; `import --keys FILE`: keys to be made, into any. */
export const importGroup: CommandGroup<ImportCommand> = {
  options: {
    'passphrase-file': { type: 'string' },
    keys: { type: 'string' },
    'secrets-file': { type: 'string' },
  },
  usage: ['import FILE --passphrase-file FILE', 'import --keys FILE.csv|FILE.jsonl --secrets-file FILE'],
  explainedOptions: [
    [
      '--keys',
      'a list of keys to make, with name, scopes, and where wanted expires_at or expires_in_seconds, and direct',
    ],
    ['--secrets-file', 'where their secrets go, a line a key; new, or that of an import which goes on'],
  ],
  read(words, values) {
    return values.keys === undefined && values['secrets-file'] === undefined
      ? readStoreImport(words, values)
      : readKeysImport(words, values)
  },
  async run(command, context) {
    const store = await openStoreFor(context, { mayBeNew: true })
    try {
      if (command.kind === 'keys') await (await import('./run-keys.ts')).importKeys(command, store, context)
      else await (await import('./run.ts')).importStore(command, store, context)
      return 0
    } finally {
      await store.close()
    }
  },
}

function readStoreImport([file, ...rest]: readonly string[], values: OptionValues): ImportCommand {
  if (file === undefined || file === '' || rest.length > 0) throw new UsageError('import needs one file')
  const passphrase = readText(values, 'passphrase-file')
  if (passphrase === undefined || passphrase === '')
    throw new UsageError('import needs --passphrase-file FILE')
  return { kind: 'store', source: resolve(file), passphraseFile: resolve(passphrase) }
}

function readKeysImport(words: readonly string[], values: OptionValues): ImportCommand {
  if (words.length > 0 || values['passphrase-file'] !== undefined)
    throw new UsageError('import --keys takes --secrets-file and nothing else')
  const file = readText(values, 'keys') ?? ''
  const format = formatOf(file)
  if (format === undefined)
    throw new UsageError('import needs --keys with a file whose name ends in .csv or .jsonl')
  const secrets = readText(values, 'secrets-file')
  if (secrets === undefined || secrets === '') throw new UsageError('import --keys needs --secrets-file FILE')
  return { kind: 'keys', list: { file: resolve(file), format }, secretsFile: resolve(secrets) }
}

function formatOf(file: string): ListFormat | undefined {
  const [, ending] = /.\.(csv|jsonl)$/i.exec(file) ?? []
  return ending?.toLowerCase() as ListFormat | undefined
}
