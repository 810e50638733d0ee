import { SCOPES } from '@interhuman-auth/protocol'
import { createApiKey } from './api-key.ts'
import type { RandomBytes } from './base62.ts'
import { formatCredentialsFile } from './credentials-file.ts'
import { replaceSecretFile } from './data-folder.ts'
import { newKeyId, newKeySecret } from './key-format.ts'
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
  const secret = newKeySecret(context.randomBytes)
  const key = createApiKey({
    keyId: newKeyId(context.randomBytes),
    name: 'first key',
    scopes: SCOPES,
    secret,
    createdAt: context.now,
    expiresAt: null,
  })
  const audit = {
    at: context.now,
    actor: 'start',
    origin: 'start',
    action: 'key.create',
    subject: key.keyId,
    detail: { name: key.name, scopes: key.scopes.join(' ') },
    before: null,
    after: null,
  } as const
  return store.insertFirstApiKey({ key, audit }, () =>
    replaceSecretFile(
      context.file,
      formatCredentialsFile({ keyId: key.keyId, keySecret: secret, apiUrl: context.apiUrl }),
    ),
  )
}
