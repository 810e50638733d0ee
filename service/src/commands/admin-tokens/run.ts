import { isAdminTokenId } from '../../admin-token.ts'
import { toAdminTokenView } from '../../admin-token-view.ts'
import type { CommandContext } from '../../command-group.ts'
import { createAdminTokenIn, revokeAdminTokenIn } from '../../operations/admin-tokens.ts'
import { StartupError } from '../../startup-error.ts'
import type { Store } from '../../store/store.ts'
import { UsageError } from '../../usage-error.ts'
import { actingByDatabaseTime } from '../acting.ts'
import { formatTable, writeFields, writeJson } from '../output.ts'
import { readName } from '../read-name.ts'

/** What `admin-tokens create` is told. */
export interface CreateAdminTokenOptions {
  readonly name: string | undefined
  readonly expiresInSeconds: number
}

/**
 * `admin-tokens create`: a new one; it is shown once, on standard output.
 *
 * @throws {UsageError | StartupError}
 */
export async function createAdminToken(
  { name, expiresInSeconds }: CreateAdminTokenOptions,
  store: Store,
  context: CommandContext,
): Promise<void> {
  if (name === undefined)
    throw new UsageError('an admin token needs --name NAME, so that the audit can say who')
  const asked = { name: readName(name), expiresInSeconds }
  const by = await actingByDatabaseTime(store, context)
  const { token, kept } = await createAdminTokenIn(store, asked, by, context.runtime.randomBytes)
  const { admin_token_id, ...rest } = toAdminTokenView(kept, by.now)
  try {
    writeFields({ admin_token_id, admin_token: token, ...rest }, context)
  } catch {
    throw new StartupError(`${admin_token_id} is made, but standard output could not be written; revoke it`)
  }
  context.runtime.writeMessage(
    'this is the only time that the token is shown; keep it where others cannot read it',
  )
}

/** `admin-tokens list`: every one, also those that are dead, in order of creation. */
export async function listAdminTokens(store: Store, context: CommandContext): Promise<void> {
  const now = context.runtime.now()
  const views = (await store.listAdminTokens()).map((token) => toAdminTokenView(token, now))
  if (context.json) return writeJson({ admin_tokens: views }, context)
  const rows = views.map((view) => [view.admin_token_id, view.state, view.expires_at, view.name])
  context.runtime.writeOutput(formatTable([['ADMIN TOKEN ID', 'STATE', 'EXPIRES', 'NAME'], ...rows]))
}

/**
 * `admin-tokens revoke`: it is refused on its next request.
 *
 * @throws {StartupError} when there is none of this id.
 */
export async function revokeAdminToken(id: string, store: Store, context: CommandContext): Promise<void> {
  const by = await actingByDatabaseTime(store, context)
  const token = await revokeAdminTokenIn(store, id, by)
  // An argument that is no id is not repeated: it may be the token itself.
  if (token === undefined)
    throw new StartupError(
      isAdminTokenId(id)
        ? `there is no admin token ${id}`
        : 'that is not the id of an admin token; one is ihat_ and 20 letters or digits',
    )
  writeFields({ ...toAdminTokenView(token, by.now) }, context)
}
