import type { Kysely, Transaction } from 'kysely'
import type { AdminToken } from '../admin-token.ts'
import { CHANGE_SECONDS } from '../change.ts'
import { insertAuditEntry } from './sql-audit.ts'
import { insertChange } from './sql-changes.ts'
import type { AuditedAdminToken, Store } from './store.ts'
import type { AdminTokenTable, Tables } from './tables.ts'

/** The admin token of a hash. */
export async function findAdminToken(db: Kysely<Tables>, tokenHash: Buffer): Promise<AdminToken | undefined> {
  const row = await db
    .selectFrom('admin_tokens')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
  return row && toAdminToken(row)
}

/** Every admin token, in order of creation. */
export async function listAdminTokens(db: Kysely<Tables>): Promise<readonly AdminToken[]> {
  const rows = await db
    .selectFrom('admin_tokens')
    .selectAll()
    .orderBy('created_at')
    .orderBy('admin_token_id')
    .execute()
  return rows.map(toAdminToken)
}

/** A new admin token. Nobody has to hear of it: that one is not there is never remembered. */
export async function insertAdminToken(
  tx: Transaction<Tables>,
  { token, audit }: AuditedAdminToken,
): Promise<void> {
  await tx.insertInto('admin_tokens').values(fromAdminToken(token)).execute()
  await insertAuditEntry(tx, audit)
}

/** An admin token that becomes another one, and the change that tells of it. */
export async function changeAdminToken(
  tx: Transaction<Tables>,
  adminTokenId: string,
  change: Parameters<Store['changeAdminToken']>[1],
): Promise<AdminToken | undefined> {
  const row = await tx
    .selectFrom('admin_tokens')
    .selectAll()
    .where('admin_token_id', '=', adminTokenId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const token = toAdminToken(row)
  const changed = change(token)
  if (changed.token === token) return token
  const { at } = changed.audit
  const expiresAt = at + CHANGE_SECONDS
  await insertChange(tx, { kind: 'admin-token', subject: adminTokenId, generation: null, at, expiresAt })
  const { admin_token_id, ...columns } = fromAdminToken(changed.token)
  await tx.updateTable('admin_tokens').set(columns).where('admin_token_id', '=', admin_token_id).execute()
  await insertAuditEntry(tx, changed.audit)
  return changed.token
}

/** Reads an admin token's row. */
export function toAdminToken(row: AdminTokenTable): AdminToken {
  return {
    adminTokenId: row.admin_token_id,
    name: row.name,
    tokenHash: row.token_hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  }
}

function fromAdminToken(token: AdminToken): AdminTokenTable {
  return {
    admin_token_id: token.adminTokenId,
    name: token.name,
    token_hash: token.tokenHash,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    revoked_at: token.revokedAt,
  }
}
