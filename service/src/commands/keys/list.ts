import { type KeyView, toKeyView } from '../../key-view.ts'
import type { KeyPageRequest } from '../../store/pages.ts'
import { formatTable, writeJson } from '../output.ts'
import type { KeysContext } from './context.ts'

/** `keys list`: a page of keys in order of creation. */
export async function listKeys(request: KeyPageRequest, context: KeysContext): Promise<void> {
  const page = await context.store.listApiKeys(request)
  const views = page.keys.map((key) => toKeyView(key, context.runtime.now()))
  if (context.json) return writeJson({ keys: views, next: page.next }, context)
  context.runtime.writeOutput(formatKeyTable(views))
  if (page.next !== null) context.runtime.writeMessage(`there are more keys; add --after ${page.next}`)
}

/** Writes keys as a table, one a line. */
export function formatKeyTable(views: readonly KeyView[]): string {
  return formatTable([
    ['KEY ID', 'STATE', 'CREATED', 'LAST USED', 'SCOPES', 'NAME'],
    ...views.map((view) => [
      view.key_id,
      view.state,
      view.created_at,
      view.last_used_at ?? 'never',
      view.scopes.join(' '),
      view.name,
    ]),
  ])
}
