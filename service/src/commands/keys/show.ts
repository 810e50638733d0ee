import { toAuditView } from '../../audit-view.ts'
import { toKeyView } from '../../key-view.ts'
import { formatFields, writeJson } from '../output.ts'
import { type KeysContext, noSuchKey } from './context.ts'

/** How many of a key's audit entries are shown, the newest. */
const HISTORY_LENGTH = 100

/**
 * `keys show`: a key and what was done to it.
 *
 * @throws {StartupError} when there is no such key.
 */
export async function showKey(keyId: string, context: KeysContext): Promise<void> {
  const key = await context.store.findApiKey(keyId)
  if (key === undefined) throw noSuchKey(keyId)
  const history = (await context.store.listAuditEntries(key.keyId, HISTORY_LENGTH)).map(toAuditView)
  const view = toKeyView(key, context.runtime.now())
  if (context.json) return writeJson({ ...view, history }, context)
  context.runtime.writeOutput(formatFields({ ...view }))
  for (const entry of history) context.runtime.writeOutput(`${entry.at}  ${entry.action}  ${entry.actor}\n`)
}
