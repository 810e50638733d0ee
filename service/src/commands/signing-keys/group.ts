import type { CommandGroup } from '../../command-group.ts'
import { UsageError } from '../../usage-error.ts'
import { openStoreFor } from '../open-store-for.ts'
import { readWait, WAIT_OPTIONS } from '../read-wait.ts'

/** What a `signing-keys` command asks for. */
type SigningKeysCommand =
  | { readonly kind: 'list' }
  | { readonly kind: 'rotate'; readonly forced: boolean }
  | { readonly kind: 'revoke'; readonly kid: string; readonly waitSeconds: number | undefined }

/** `signing-keys …`. */
export const signingKeysGroup: CommandGroup<SigningKeysCommand> = {
  options: { now: { type: 'boolean' }, ...WAIT_OPTIONS },
  usage: [
    'signing-keys list',
    'signing-keys rotate [--now]',
    'signing-keys revoke KID [--wait [--timeout SECONDS]]',
  ],
  explainedOptions: [['--now', 'rotate although guards may not know the next signing key yet']],
  read([word, kid, ...rest], values) {
    if (word === undefined) throw new UsageError('signing-keys needs list, rotate or revoke')
    if (word === 'revoke') {
      if (kid === undefined || rest.length > 0) throw new UsageError('signing-keys revoke needs one kid')
      return { kind: 'revoke', kid, waitSeconds: readWait(values) }
    }
    if (word !== 'list' && word !== 'rotate') throw new UsageError('unknown signing-keys command')
    if (kid !== undefined) throw new UsageError(`signing-keys ${word} takes no argument`)
    if (readWait(values) !== undefined) throw new UsageError('--wait goes with signing-keys revoke')
    return word === 'list' ? { kind: 'list' } : { kind: 'rotate', forced: values.now === true }
  },
  async run(command, context) {
    const commands = await import('./run.ts')
    const store = await openStoreFor(context, { mayBeNew: false })
    try {
      if (command.kind === 'list') await commands.listSigningKeys(store, context)
      else if (command.kind === 'rotate') await commands.rotateKeys(command, store, context)
      else await commands.revokeKey(command, store, context)
      return 0
    } finally {
      await store.close()
    }
  },
}
