import { isScope, SCOPES, type Scope, uniqueScopes } from '@interhuman-auth/protocol'
import { createApiKey } from '../../api-key.ts'
import { newKeyId, newKeySecret } from '../../key-format.ts'
import { UsageError } from '../../usage-error.ts'
import { audit, type KeysContext } from './context.ts'
import { deliverSecret, type SecretDelivery } from './deliver-secret.ts'

/** What `keys create` is told. */
export interface CreateOptions extends SecretDelivery {
  readonly name: string | undefined
  readonly scopes: readonly string[]
  readonly expiresInSeconds: number | undefined
}

const MAX_NAME_LENGTH = 100

/**
 * `keys create`: a new key; its secret is shown once, on standard output, or written as a credentials file.
 *
 * @throws {UsageError | StartupError}
 */
export async function createKey(options: CreateOptions, context: KeysContext): Promise<void> {
  const { runtime, store } = context
  const now = runtime.now()
  const secret = newKeySecret(runtime.randomBytes)
  const key = createApiKey({
    keyId: newKeyId(runtime.randomBytes),
    name: parseName(options.name),
    scopes: parseScopes(options.scopes),
    secret,
    createdAt: now,
    expiresAt: options.expiresInSeconds === undefined ? null : now + options.expiresInSeconds,
  })
  const detail = { name: key.name, scopes: key.scopes.join(' '), expires_at: key.expiresAt }
  await deliverSecret(key.keyId, secret, options, context, async () => {
    await store.insertApiKey({ key, audit: audit(context, 'key.create', key.keyId, detail) })
    return key
  })
}

function parseName(name: string | undefined): string {
  if (name === undefined) throw new UsageError('a key needs --name NAME')
  const trimmed = name.trim()
  // Control and format characters could forge a line of a list or turn its text around.
  if (trimmed === '' || trimmed.length > MAX_NAME_LENGTH || /[\p{C}\p{Zl}\p{Zp}]/u.test(trimmed))
    throw new UsageError(`--name takes 1 to ${MAX_NAME_LENGTH} visible characters`)
  return trimmed
}

function parseScopes(scopes: readonly string[]): Scope[] {
  if (scopes.length === 0) throw new UsageError(`a key needs --scope, one or more of ${SCOPES.join(', ')}`)
  if (!scopes.every(isScope)) throw new UsageError(`--scope takes ${SCOPES.join(' or ')}`)
  return uniqueScopes(scopes)
}
