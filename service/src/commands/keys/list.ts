import type { KeyPageRequest } from '../../store/store.ts'
import { type KeysContext, writeJson } from './context.ts'
import { formatTable, toKeyView } from './view.ts'

/** `keys list`: a page of keys in order of creation. */
export async function listKeys(request: KeyPageRequest, context: KeysContext): Promise<void> {
  const page = await context.store.listApiKeys(request)
  const views = page.keys.map((key) => toKeyView(key, context.runtime.now()))
  if (context.json) return writeJson({ keys: views, next: page.next }, context)
  context.runtime.writeOutput(formatTable(views))
  if (page.next !== null) context.runtime.writeMessage(`there are more keys; add --after ${page.next}`)
}
