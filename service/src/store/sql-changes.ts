import type { Insertable, Kysely, Selectable, Transaction } from 'kysely'
import type { AuditEntry } from '../audit.ts'
import { type ChangeReading, KEPT_SECONDS, LEASE_MS, type Lease, type NewChange } from '../change.ts'
import { toChange } from './rows.ts'
import { insertAuditEntry } from './sql-audit.ts'
import type { ChangeTable, Tables } from './tables.ts'

/** What differs from database to database: its time. */
export interface DatabaseTime {
  /** The time of the database, in epoch milliseconds. */
  readTimeMs(db: Kysely<Tables>): Promise<number>
}

/**
 * Writes a change and removes those that nobody has had to hear of for {@link KEPT_SECONDS}.
 *
 * @returns its revision. The row that counts is locked from here to the end of the transaction.
 */
export async function insertChange(tx: Transaction<Tables>, change: NewChange): Promise<number> {
  const { revision } = await tx
    .updateTable('change_head')
    .set((eb) => ({ revision: eb('revision', '+', 1) }))
    .returning('revision')
    .executeTakeFirstOrThrow()
  await tx
    .deleteFrom('changes')
    .where('expires_at', '<=', change.at - KEPT_SECONDS)
    .execute()
  const { kind, subject, generation, at, expiresAt } = change
  const row: Insertable<ChangeTable> = { revision, kind, subject, generation, at, expires_at: expiresAt }
  await tx.insertInto('changes').values(row).execute()
  return revision
}

/** The head first: a change that is written in between is then read as well, and counts again next time. */
export async function readChanges(
  db: Kysely<Tables>,
  after: number | null,
  time: DatabaseTime,
): Promise<ChangeReading> {
  const databaseTimeMs = await time.readTimeMs(db)
  const rows = await db
    .selectFrom('change_head')
    .leftJoin('changes', (join) =>
      join
        .onTrue()
        .on('changes.revision', '>', after ?? 0)
        .on('changes.expires_at', '>', Math.floor(databaseTimeMs / 1000)),
    )
    .select(['change_head.epoch', 'change_head.revision as head'])
    .selectAll('changes')
    .orderBy('changes.revision')
    .execute()
  const head = rows[0]
  if (head === undefined) throw new Error('the head of the changes is gone')
  const changes = rows.flatMap((row) =>
    row.revision === null ? [] : [toChange(row as Selectable<ChangeTable>)],
  )
  return { epoch: head.epoch, revision: head.head, databaseTimeMs, changes }
}

/** Gives the changes another epoch and revisions that were not given yet, and ends every lease; audited. */
export async function renewEpoch(
  tx: Transaction<Tables>,
  { epoch, revision }: { readonly epoch: string; readonly revision: number },
  audit: AuditEntry,
): Promise<void> {
  await tx.updateTable('change_head').set({ epoch }).execute()
  await tx.updateTable('change_head').set({ revision }).where('revision', '<', revision).execute()
  await tx.deleteFrom('leases').execute()
  await insertAuditEntry(tx, audit)
}

/** Renews leases and drops those whose time is over. */
export async function renewLeases(
  db: Kysely<Tables>,
  leases: readonly Lease[],
  time: DatabaseTime,
): Promise<void> {
  const now = await time.readTimeMs(db)
  await db.deleteFrom('leases').where('expires_at_ms', '<=', now).execute()
  if (leases.length === 0) return
  await db
    .insertInto('leases')
    .values(leases.map((lease) => ({ ...lease, expires_at_ms: now + LEASE_MS })))
    .onConflict((conflict) =>
      conflict.column('holder').doUpdateSet((eb) => ({
        // Another node may have taken note of more (`acknowledgeLease`).
        revision: eb
          .case()
          .when('excluded.revision', '>', eb.ref('leases.revision'))
          .then(eb.ref('excluded.revision'))
          .else(eb.ref('leases.revision'))
          .end(),
        expires_at_ms: eb.ref('excluded.expires_at_ms'),
      })),
    )
    .execute()
}

/** Takes note that a revision is in force at the holder of a lease that another node renews. */
export async function acknowledgeLease(
  db: Kysely<Tables>,
  { holder, name, revision }: Pick<Lease, 'holder' | 'name' | 'revision'>,
): Promise<void> {
  await db
    .updateTable('leases')
    .set({ revision })
    .where('holder', '=', holder)
    .where('name', '=', name)
    .where('revision', '<', revision)
    .execute()
}

/** Ends a lease before its time. */
export async function endLease(db: Kysely<Tables>, holder: string): Promise<void> {
  await db.deleteFrom('leases').where('holder', '=', holder).execute()
}

/** The leases that are alive, by name. */
export async function listLeases(db: Kysely<Tables>, time: DatabaseTime): Promise<readonly Lease[]> {
  const rows = await db
    .selectFrom('leases')
    .select(['holder', 'kind', 'name', 'revision'])
    .where('expires_at_ms', '>', await time.readTimeMs(db))
    .orderBy('name')
    .orderBy('holder')
    .execute()
  return rows.map((row) => ({ ...row, kind: row.kind as Lease['kind'] }))
}
