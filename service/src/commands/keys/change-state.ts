import { type ApiKey, disableApiKey, enableApiKey, revokeApiKey } from '../../api-key.ts'
import type { AuditAction } from '../../audit.ts'
import { audit, type KeysContext, noSuchKey, writeJson } from './context.ts'
import { formatFields, toKeyView } from './view.ts'

const CHANGES = {
  disable: { change: disableApiKey, action: 'key.disable' },
  enable: { change: enableApiKey, action: 'key.enable' },
  revoke: { change: revokeApiKey, action: 'key.revoke' },
} as const satisfies Record<string, { change: (key: ApiKey) => ApiKey; action: AuditAction }>

/** What changes the state of a key. */
export type StateChange = keyof typeof CHANGES

/** Says whether a word names a {@link StateChange}. */
export function isStateChange(word: string): word is StateChange {
  return Object.hasOwn(CHANGES, word)
}

/**
 * `keys disable`, `keys enable`, `keys revoke`. A key that is in the state already is left as it is.
 *
 * @throws {KeyChangeError | StartupError}
 */
export async function changeKeyState(keyId: string, word: StateChange, context: KeysContext): Promise<void> {
  const { change, action } = CHANGES[word]
  const key = await context.store.changeApiKey(keyId, (current) => ({
    key: change(current),
    audit: audit(context, action, keyId),
  }))
  if (key === undefined) throw noSuchKey(keyId)
  const view = toKeyView(key, context.runtime.now())
  if (context.json) writeJson(view, context)
  else context.runtime.writeOutput(formatFields({ ...view }))
}
