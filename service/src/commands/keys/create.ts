import { commitKey, createKey } from '../../operations/create-key.ts'
import { UsageError } from '../../usage-error.ts'
import { actingByDatabaseTime } from '../acting.ts'
import { readName } from '../read-name.ts'
import type { KeysContext } from './context.ts'
import { deliverSecret, type SecretDelivery } from './deliver-secret.ts'
import { readScopes, SOME_SCOPES } from './read-scopes.ts'

/** What `keys create` is told. */
export interface CreateOptions extends SecretDelivery {
  readonly name: string | undefined
  readonly scopes: readonly string[]
  readonly expiresInSeconds: number | undefined
  readonly direct: boolean
}

/**
 * `keys create`: a new key; its secret is shown once, on standard output, or written as a credentials file.
 *
 * @throws {UsageError | StartupError}
 */
export async function createKeyByCommand(options: CreateOptions, context: KeysContext): Promise<void> {
  if (options.name === undefined) throw new UsageError('a key needs --name NAME')
  if (options.scopes.length === 0) throw new UsageError(`a key needs --scope, ${SOME_SCOPES}`)
  const by = await actingByDatabaseTime(context.store, context)
  const made = createKey(
    {
      name: readName(options.name),
      scopes: readScopes(options.scopes),
      expiresAt: options.expiresInSeconds === undefined ? null : by.now + options.expiresInSeconds,
      direct: options.direct,
    },
    by,
    context.runtime.randomBytes,
  )
  await deliverSecret(made.added.key.keyId, made.secret, options, context, () =>
    commitKey(context.store, made),
  )
}
