import { MAX_OVERLAP_SECONDS } from '../../api-key.ts'
import { type CommandGroup, readInteger, readText } from '../../command-group.ts'
import { UsageError } from '../../usage-error.ts'
import { openStoreFor } from '../open-store-for.ts'

/** What a `verifiers` command asks for. */
type VerifiersCommand =
  | { readonly kind: 'create'; readonly name: string | undefined }
  | { readonly kind: 'list' }
  | { readonly kind: 'rotate'; readonly verifierId: string; readonly overlapSeconds: number | undefined }
  | { readonly kind: 'revoke'; readonly verifierId: string }

/** `verifiers …`: the credentials of processes that check tokens. */
export const verifiersGroup: CommandGroup<VerifiersCommand> = {
  options: { name: { type: 'string' }, 'overlap-seconds': { type: 'string' } },
  usage: [
    'verifiers create --name NAME',
    'verifiers list',
    'verifiers rotate VERIFIER_ID [--overlap-seconds N]',
    'verifiers revoke VERIFIER_ID',
  ],
  explainedOptions: [],
  read([word, id, ...rest], values) {
    if (word === undefined) throw new UsageError('verifiers needs create, list, rotate or revoke')
    if (word === 'rotate' || word === 'revoke') {
      if (id === undefined || rest.length > 0) throw new UsageError(`verifiers ${word} needs one id`)
      if (word === 'revoke') return { kind: 'revoke', verifierId: id }
      const overlapSeconds = readInteger(values, 'overlap-seconds', 0, MAX_OVERLAP_SECONDS)
      return { kind: 'rotate', verifierId: id, overlapSeconds }
    }
    if (word !== 'create' && word !== 'list') throw new UsageError('unknown verifiers command')
    if (id !== undefined) throw new UsageError(`verifiers ${word} takes no argument`)
    return word === 'list' ? { kind: 'list' } : { kind: 'create', name: readText(values, 'name') }
  },
  async run(command, context) {
    const commands = await import('./run.ts')
    const store = await openStoreFor(context, { mayBeNew: command.kind === 'create' })
    try {
      switch (command.kind) {
        case 'create':
          await commands.createVerifier(command.name, store, context)
          break
        case 'list':
          await commands.listVerifiers(store, context)
          break
        case 'rotate':
          await commands.rotateVerifier(command.verifierId, command.overlapSeconds, store, context)
          break
        case 'revoke':
          await commands.revokeVerifier(command.verifierId, store, context)
      }
      return 0
    } finally {
      await store.close()
    }
  },
}
