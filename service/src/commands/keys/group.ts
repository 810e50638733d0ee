import type { CommandGroup } from '../../command-group.ts'
import { openStoreFor } from '../open-store-for.ts'
import { type KeysCommand, readKeysCommand } from './read-command.ts'

/** `keys …`. */
export const keysGroup: CommandGroup<KeysCommand> = {
  options: {
    name: { type: 'string' },
    scope: { type: 'string', multiple: true },
    'expires-in-seconds': { type: 'string' },
    'overlap-seconds': { type: 'string' },
    'credentials-file': { type: 'string' },
    'api-url': { type: 'string' },
    after: { type: 'string' },
    limit: { type: 'string' },
  },
  usage: [
    'keys create --name NAME --scope SCOPE [--scope SCOPE]',
    '  [--expires-in-seconds N] [--credentials-file FILE [--api-url URL]]',
    'keys list [--limit N] [--after KEY_ID]',
    'keys show KEY_ID',
    'keys rotate KEY_ID [--overlap-seconds N]',
    '  [--credentials-file FILE [--api-url URL]]',
    'keys disable|enable|revoke KEY_ID',
  ],
  explainedOptions: [],
  read: readKeysCommand,
  async run(command, context) {
    const store = await openStoreFor(context, { mayBeNew: command.kind === 'create' })
    try {
      await run(command, { ...context, store })
      return 0
    } finally {
      await store.close()
    }
  },
}

async function run(command: KeysCommand, context: import('./context.ts').KeysContext): Promise<void> {
  switch (command.kind) {
    case 'create':
      return (await import('./create.ts')).createKey(command.options, context)
    case 'list':
      return (await import('./list.ts')).listKeys(command.request, context)
    case 'show':
      return (await import('./show.ts')).showKey(command.keyId, context)
    case 'rotate':
      return (await import('./rotate.ts')).rotateKey(command.keyId, command.options, context)
    case 'change state':
      return (await import('./change-state.ts')).changeKeyState(command.keyId, command.change, context)
  }
}
