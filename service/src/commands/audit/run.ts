import { type ChainFault, type ChainHead, formatChainHead } from '../../audit-chain.ts'
import { toAuditView } from '../../audit-view.ts'
import type { CommandContext } from '../../command-group.ts'
import { verifyAudit } from '../../operations/verify-audit.ts'
import type { AuditPageRequest } from '../../store/pages.ts'
import type { Store } from '../../store/store.ts'
import { formatTime } from '../../time-format.ts'
import { openAuditChainKeyOf } from '../audit-chain-key.ts'
import { formatTable, writeJson } from '../output.ts'

const EXPORT_PAGE = 1_000

/** `audit list`: the newest entries first. */
export async function listAudit(
  { before, subject, limit }: AuditPageRequest,
  store: Store,
  context: CommandContext,
): Promise<number> {
  const rows = await store.listAuditPage({ before, subject, limit })
  const views = rows.map(({ id, entry }) => ({ id, subject: entry.subject, ...toAuditView(entry) }))
  if (context.json) writeJson({ audit: views }, context)
  else
    context.runtime.writeOutput(
      formatTable([
        ['ID', 'AT', 'ACTOR', 'FROM', 'ACTION', 'SUBJECT'],
        ...views.map((view) => [
          String(view.id),
          view.at,
          view.actor,
          view.origin || '-',
          view.action,
          view.subject,
        ]),
      ]),
    )
  return 0
}

/** `audit export`: every entry as one line of JSON, the oldest first, with its hash. */
export async function exportAudit(store: Store, { runtime }: CommandContext): Promise<number> {
  for (let after = 0; ; ) {
    const rows = await store.listChainedRows(after, EXPORT_PAGE)
    for (const { id, at, actor, origin, action, subject, detail, before, after: state, mac } of rows) {
      const entry = {
        id,
        at: formatTime(at),
        ...{ actor, origin, action, subject },
        detail: JSON.parse(detail),
        before: before === null ? null : JSON.parse(before),
        after: state === null ? null : JSON.parse(state),
        mac: mac?.toString('hex') ?? null,
      }
      runtime.writeOutput(`${JSON.stringify(entry)}\n`)
    }
    const last = rows.at(-1)
    if (last === undefined) return 0
    after = last.id
  }
}

/** `audit verify`: 0 where the chain is whole, 1 where it is not. */
export async function verifyAuditByCommand(
  expected: ChainHead | undefined,
  store: Store,
  context: CommandContext,
): Promise<number> {
  const key = await openAuditChainKeyOf(store, context)
  const { faults, rows, unchained, removed, head } = await verifyAudit(store, key, expected)
  const headText = head === undefined ? null : formatChainHead(head)
  if (context.json)
    writeJson({ whole: faults.length === 0, rows, unchained, removed, head: headText, faults }, context)
  else {
    const { runtime } = context
    for (const fault of faults) runtime.writeMessage(describeFault(fault))
    const state = faults.length === 0 ? 'whole' : 'NOT WHOLE'
    runtime.writeOutput(
      `${state}: ${rows} rows, ${unchained} from before the chain, ${removed} removed in their time\n`,
    )
    if (headText !== null) runtime.writeOutput(`head ${headText}\n`)
  }
  return faults.length === 0 ? 0 : 1
}

function describeFault({ kind, id }: ChainFault): string {
  switch (kind) {
    case 'row missing':
      return `row ${id} is missing`
    case 'row changed':
      return `row ${id}, or the one before it, was changed or put in`
    case 'row not chained':
      return `row ${id} was put in without its hash`
    case 'checkpoint changed':
      return `the checkpoint behind row ${id} was changed or put in`
    case 'head not found':
      return `the head that was given, row ${id}, is not part of this chain: its end was cut off, or it is of another store`
  }
}
