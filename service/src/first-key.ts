import { SCOPES } from '@interhuman-auth/protocol'
import type { RandomBytes } from './base62.ts'
import { formatCredentialsFile } from './credentials-file.ts'
import { replaceSecretFile } from './data-folder.ts'
import { createKey } from './operations/create-key.ts'
import type { Store } from './store/store.ts'

/** What the first key needs from outside. */
export interface FirstKeyContext {
  readonly file: string
  /** The address that the key may be sent to. */
  readonly apiUrl: string
  readonly randomBytes: RandomBytes
  /** Epoch seconds. */
  readonly now: number
}

/**
 * Makes the first key, with every scope, and its credentials file, unless the store holds a key already. The file is
 * written before the key is committed: a key without a file, whose secret nobody knows, cannot come about.
 *
 * @returns whether a key was made.
 */
export async function settleFirstKey(store: Store, context: FirstKeyContext): Promise<boolean> {
  const { secret, added } = createKey(
    { name: 'first key', scopes: SCOPES, expiresAt: null, direct: false },
    { actor: 'start', origin: 'start', now: context.now },
    context.randomBytes,
  )
  return store.insertFirstApiKey(added, () =>
    replaceSecretFile(
      context.file,
      formatCredentialsFile({ keyId: added.key.keyId, keySecret: secret, apiUrl: context.apiUrl }),
    ),
  )
}
