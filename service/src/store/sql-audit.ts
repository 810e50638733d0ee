import type { Kysely, Transaction } from 'kysely'
import type { AuditEntry } from '../audit.ts'
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
