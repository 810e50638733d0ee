import type { ApiKey } from '../../api-key.ts'
import type { CommandContext } from '../../command-group.ts'
import { isKeyId } from '../../key-format.ts'
import { toKeyView } from '../../key-view.ts'
import { StartupError } from '../../startup-error.ts'
import type { Store } from '../../store/store.ts'
import { writeFields } from '../output.ts'

/** What every `keys` command works on. */
export interface KeysContext extends CommandContext {
  readonly store: Store
}

/** The error for an id that names no key. An argument that is no key id is not repeated: it may be a secret. */
export function noSuchKey(keyId: string): StartupError {
  return new StartupError(
    isKeyId(keyId)
      ? `there is no key ${keyId}`
      : 'that is not a key id; one is ihk_ and 20 letters or digits',
  )
}

/**
 * Shows a key as it is after a change.
 *
 * @returns the key.
 * @throws {StartupError} when there is none.
 */
export function showChanged(keyId: string, key: ApiKey | undefined, context: KeysContext): ApiKey {
  if (key === undefined) throw noSuchKey(keyId)
  writeFields({ ...toKeyView(key, context.runtime.now()) }, context)
  return key
}
