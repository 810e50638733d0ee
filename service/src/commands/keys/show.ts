import { toAuditView } from '../../audit-view.ts'
import { toKeyView } from '../../key-view.ts'
import { type SecretView, toSecretViews } from '../../secret-use-view.ts'
import { formatFields, writeJson } from '../output.ts'
import { type KeysContext, noSuchKey } from './context.ts'

/** How many of a key's audit entries are shown, the newest. */
const HISTORY_LENGTH = 100

/**
 * `keys show`: a key, who used which of its secrets last, and what was done to it.
 *
 * @throws {StartupError} when there is no such key.
 */
export async function showKey(keyId: string, context: KeysContext): Promise<void> {
  const key = await context.store.findApiKey(keyId)
  if (key === undefined) throw noSuchKey(keyId)
  const history = (await context.store.listAuditEntries(key.keyId, HISTORY_LENGTH)).map(toAuditView)
  const now = context.runtime.now()
  const view = toKeyView(key, now)
  const secrets = toSecretViews(key, await context.store.listSecretUses(key.keyId), now)
  if (context.json) return writeJson({ ...view, secrets, history }, context)
  context.runtime.writeOutput(formatFields({ ...view }))
  for (const secret of secrets) context.runtime.writeOutput(formatSecret(secret))
  for (const entry of history) context.runtime.writeOutput(`${entry.at}  ${entry.action}  ${entry.actor}\n`)
}

function formatSecret({ number, last_used_at, callers }: SecretView): string {
  const lines = callers.map((caller) => {
    const asked = caller.verifier_id === null ? '' : `, asked about by ${caller.verifier_id}`
    return `  ${caller.last_used_at}  ${caller.address || 'other addresses'}  ${caller.user_agent || '-'}  ${caller.uses} uses${asked}\n`
  })
  return `secret ${number}  last used ${last_used_at ?? 'never'}\n${lines.join('')}`
}
