import { type ChainHead, parseChainHead } from '../../audit-chain.ts'
import { type CommandGroup, readInteger, readText } from '../../command-group.ts'
import { UsageError } from '../../usage-error.ts'
import { openStoreFor } from '../open-store-for.ts'

/** What an `audit` command asks for. */
type AuditCommand =
  | {
      readonly kind: 'list'
      readonly before: number | null
      readonly subject: string | null
      readonly limit: number
    }
  | { readonly kind: 'export' }
  | { readonly kind: 'verify'; readonly head: ChainHead | undefined }

const DEFAULT_PAGE = 100
const MAX_PAGE = 10_000
const MAX_ID = 999_999_999

/** `audit …`. */
export const auditGroup: CommandGroup<AuditCommand> = {
  options: {
    subject: { type: 'string' },
    before: { type: 'string' },
    limit: { type: 'string' },
    head: { type: 'string' },
  },
  usage: [
    'audit list [--subject ID] [--limit N] [--before N]',
    'audit export',
    'audit verify [--head ID:HASH]',
  ],
  explainedOptions: [['--head', 'a head that verify printed before: a tail that was cut off since is found']],
  read([word, ...rest], values) {
    if (word === undefined) throw new UsageError('audit needs list, export or verify')
    if (word !== 'list' && word !== 'export' && word !== 'verify')
      throw new UsageError('unknown audit command')
    if (rest.length > 0) throw new UsageError(`audit ${word} takes no argument`)
    if (word === 'export') return { kind: 'export' }
    if (word === 'verify') return { kind: 'verify', head: readHead(readText(values, 'head')) }
    return {
      kind: 'list',
      before: readInteger(values, 'before', 1, MAX_ID) ?? null,
      subject: readText(values, 'subject') ?? null,
      limit: readInteger(values, 'limit', 1, MAX_PAGE) ?? DEFAULT_PAGE,
    }
  },
  async run(command, context) {
    const commands = await import('./run.ts')
    const store = await openStoreFor(context, { mayBeNew: false })
    try {
      if (command.kind === 'list') return await commands.listAudit(command, store, context)
      if (command.kind === 'export') return await commands.exportAudit(store, context)
      return await commands.verifyAuditByCommand(command.head, store, context)
    } finally {
      await store.close()
    }
  },
}

function readHead(text: string | undefined): ChainHead | undefined {
  if (text === undefined) return undefined
  const head = parseChainHead(text)
  if (head === undefined)
    throw new UsageError('--head takes what audit verify printed: a number, a colon and a hash')
  return head
}
