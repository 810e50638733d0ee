import type { CommandGroup } from '../../command-group.ts'
import { openStoreFor } from '../open-store-for.ts'
import { WAIT_OPTIONS } from '../read-wait.ts'
import type { KeysContext } from './context.ts'
import { type KeysChangeCommand, type KeysCommand, readKeysCommand } from './read-command.ts'

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
    direct: { type: 'string' },
    force: { type: 'boolean' },
    ...WAIT_OPTIONS,
  },
  usage: [
    'keys create --name NAME --scope SCOPE [--scope SCOPE]',
    '  [--expires-in-seconds N] [--direct on] [--credentials-file FILE [--api-url URL]]',
    'keys list [--limit N] [--after KEY_ID]',
    'keys show KEY_ID',
    'keys rotate KEY_ID [--overlap-seconds N]',
    '  [--credentials-file FILE [--api-url URL]]',
    'keys end-overlap KEY_ID [--force]',
    'keys change KEY_ID [--name NAME] [--scope SCOPE [--scope SCOPE]]',
    '  [--expires-in-seconds N|never] [--direct on|off]',
    'keys disable|enable|revoke KEY_ID [--wait [--timeout SECONDS]]',
    'keys scan PATH [PATH]',
  ],
  explainedOptions: [
    ['--direct', 'whether the secret itself is taken as a bearer, so that whoever sees a request has it'],
    ['--wait', 'come back when every node and verifier has acknowledged the change, or say which has not'],
    ['--force', 'end an overlap although its older secret is in use'],
  ],
  read: readKeysCommand,
  async run(command, context) {
    const store = await openStoreFor(context, { mayBeNew: command.kind === 'create' })
    try {
      if (command.kind === 'scan')
        return await (await import('./scan.ts')).scanPaths(command.paths, { ...context, store })
      await run(command, { ...context, store })
      return 0
    } finally {
      await store.close()
    }
  },
}

async function run(
  command: Exclude<KeysCommand, { readonly kind: 'scan' }>,
  context: KeysContext,
): Promise<void> {
  switch (command.kind) {
    case 'create':
      return (await import('./create.ts')).createKeyByCommand(command.options, context)
    case 'list':
      return (await import('./list.ts')).listKeys(command.request, context)
    case 'show':
      return (await import('./show.ts')).showKey(command.keyId, context)
    case 'rotate':
      return (await import('./rotate.ts')).rotateKeyByCommand(command.keyId, command.options, context)
    default:
      return changeKey(command, context)
  }
}

async function changeKey(command: KeysChangeCommand, context: KeysContext): Promise<void> {
  const change = await import('./change.ts')
  switch (command.kind) {
    case 'change':
      return change.changeKeyByCommand(command.keyId, command.options, context)
    case 'change state':
      return change.changeKeyStateByCommand(command.keyId, command.options, context)
    case 'end overlap':
      return change.endOverlapByCommand(command.keyId, command.options, context)
  }
}
