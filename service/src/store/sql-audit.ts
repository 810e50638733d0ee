import type { Kysely, Transaction } from 'kysely'
import type { AuditEntry } from '../audit.ts'
import type { AuditPageRequest, AuditRow } from './pages.ts'
import { fromAuditEntry, toAuditEntry } from './rows.ts'
import type { Tables } from './tables.ts'

/** Writes an audit row behind the last one. The row that counts them is locked from here to the end of the transaction. */
export async function insertAuditEntry(tx: Transaction<Tables>, entry: AuditEntry): Promise<void> {
  const { last_id } = await tx
    .updateTable('audit_head')
    .set((eb) => ({ last_id: eb('last_id', '+', 1) }))
    .returning('last_id')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('audit')
    .values({ id: last_id, ...fromAuditEntry(entry), mac: null })
    .execute()
}

/** The audit rows of a subject, oldest first, the newest `limit` of them. */
export async function listAuditEntries(
  db: Kysely<Tables>,
  subject: string,
  limit: number,
): Promise<readonly AuditEntry[]> {
  const rows = await db
    .selectFrom('audit')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.reverse().map(toAuditEntry)
}

/** A page of audit rows, the newest first. */
export async function listAuditPage(
  db: Kysely<Tables>,
  { before, subject, limit }: AuditPageRequest,
): Promise<readonly AuditRow[]> {
  let query = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit)
  if (before !== null) query = query.where('id', '<', before)
  if (subject !== null) query = query.where('subject', '=', subject)
  return (await query.execute()).map((row) => ({ id: row.id, entry: toAuditEntry(row) }))
}
