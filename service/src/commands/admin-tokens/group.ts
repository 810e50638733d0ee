import { DEFAULT_ADMIN_TOKEN_SECONDS, MAX_ADMIN_TOKEN_SECONDS } from '../../admin-token.ts'
import { type CommandGroup, readInteger, readText } from '../../command-group.ts'
import { UsageError } from '../../usage-error.ts'
import { openStoreFor } from '../open-store-for.ts'
import type { CreateAdminTokenOptions } from './run.ts'

/** What an `admin-tokens` command asks for. */
type AdminTokensCommand =
  | { readonly kind: 'create'; readonly options: CreateAdminTokenOptions }
  | { readonly kind: 'list' }
  | { readonly kind: 'revoke'; readonly adminTokenId: string }

const MIN_SECONDS = 60

/** `admin-tokens …`: the credentials of the operator's API, which only this machine makes. */
export const adminTokensGroup: CommandGroup<AdminTokensCommand> = {
  options: { name: { type: 'string' }, 'expires-in-seconds': { type: 'string' } },
  usage: [
    'admin-tokens create --name NAME [--expires-in-seconds N]',
    'admin-tokens list',
    'admin-tokens revoke ADMIN_TOKEN_ID',
  ],
  explainedOptions: [],
  read([word, id, ...rest], values) {
    if (word === undefined) throw new UsageError('admin-tokens needs create, list or revoke')
    if (word === 'revoke') {
      if (id === undefined || rest.length > 0) throw new UsageError('admin-tokens revoke needs one id')
      return { kind: 'revoke', adminTokenId: id }
    }
    if (word !== 'create' && word !== 'list') throw new UsageError('unknown admin-tokens command')
    if (id !== undefined) throw new UsageError(`admin-tokens ${word} takes no argument`)
    if (word === 'list') return { kind: 'list' }
    const asked = readInteger(values, 'expires-in-seconds', MIN_SECONDS, MAX_ADMIN_TOKEN_SECONDS)
    const expiresInSeconds = asked ?? DEFAULT_ADMIN_TOKEN_SECONDS
    return { kind: 'create', options: { name: readText(values, 'name'), expiresInSeconds } }
  },
  async run(command, context) {
    const commands = await import('./run.ts')
    const store = await openStoreFor(context, { mayBeNew: command.kind === 'create' })
    try {
      if (command.kind === 'create') await commands.createAdminToken(command.options, store, context)
      else if (command.kind === 'list') await commands.listAdminTokens(store, context)
      else await commands.revokeAdminToken(command.adminTokenId, store, context)
      return 0
    } finally {
      await store.close()
    }
  },
}
