import type { Kysely, Transaction } from 'kysely'
import type { AuditEntry } from '../audit.ts'
import { KEPT_SECONDS } from '../change.ts'
import type { TokenRevocation } from '../client-token.ts'
import type { RevokedToken, RevokedTokenPageRequest } from './pages.ts'
import { insertAuditEntry } from './sql-audit.ts'
import { insertChange } from './sql-changes.ts'
import type { Tables } from './tables.ts'

/** A token that is dead from now on, and the change that others hear of; drops those whose time has been over for {@link KEPT_SECONDS}. */
export async function revokeToken(
  tx: Transaction<Tables>,
  { tokenId, revokedAt, expiresAt }: TokenRevocation,
  audit: AuditEntry,
): Promise<void> {
  await tx
    .deleteFrom('revoked_tokens')
    .where('expires_at', '<=', revokedAt - KEPT_SECONDS)
    .execute()
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('revoked_tokens')
    .values({ token_id: tokenId, expires_at: expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (numInsertedOrUpdatedRows !== 1n) return
  await insertChange(tx, { kind: 'token', subject: tokenId, generation: null, at: revokedAt, expiresAt })
  await insertAuditEntry(tx, audit)
}

/** Says whether a token is kept as revoked. */
export async function isTokenRevoked(db: Kysely<Tables>, tokenId: string): Promise<boolean> {
  const query = db.selectFrom('revoked_tokens').select('token_id').where('token_id', '=', tokenId)
  return (await query.executeTakeFirst()) !== undefined
}

/** The tokens that are revoked, in the order of their ids. */
export async function listRevokedTokens(
  db: Kysely<Tables>,
  { after, limit, now }: RevokedTokenPageRequest,
): Promise<readonly RevokedToken[]> {
  const rows = await db
    .selectFrom('revoked_tokens')
    .selectAll()
    .where('expires_at', '>', now)
    .where('token_id', '>', after ?? '')
    .orderBy('token_id')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ tokenId: row.token_id, expiresAt: row.expires_at }))
}
