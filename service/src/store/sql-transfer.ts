import { type Kysely, sql, type Transaction } from 'kysely'
import { OperatorError } from '../operator-error.ts'
import { insertAuditEntry } from './sql-audit.ts'
import { findSetting } from './sql-settings.ts'
import { ROWS_PER_INSERT, type Tables } from './tables.ts'
import {
  IMPORT_MARKER,
  type ImportBatch,
  type ImportEnd,
  type RowSource,
  TRANSFERRED,
  type TransferRow,
} from './transfer.ts'

/** Rows of any table: what they hold is told by their names, which come from a list of ours. */
type AnyTables = Record<string, Record<string, unknown>>

/** Each table has one row of these from the beginning. */
const HEADS = ['audit_head', 'change_head']

/** Reads the rows of a view that does not change. */
export function readRows(db: Kysely<Tables>): RowSource {
  const any = db as unknown as Kysely<AnyTables>
  return {
    async count(table) {
      const row = await any
        .selectFrom(table)
        .select(({ fn }) => fn.countAll().as('rows'))
        .executeTakeFirst()
      return Number(row?.rows ?? 0)
    },
    async readPage(table, after, limit) {
      const key: readonly string[] = TRANSFERRED[table]
      let query = any.selectFrom(table).selectAll().limit(limit)
      for (const column of key) query = query.orderBy(column)
      if (after !== undefined)
        query = query.where(
          sql<boolean>`(${sql.join(key.map((column) => sql.ref(column)))}) > (${sql.join(key.map((column) => after[column]))})`,
        )
      return (await query.execute()) as TransferRow[]
    },
  }
}

/** Writes rows into a store that is empty but for what the same import has written. */
export async function importRows(
  tx: Transaction<Tables>,
  { table, rows, marker }: ImportBatch,
): Promise<void> {
  const begun = (await findSetting(tx, IMPORT_MARKER)) !== undefined
  if (!begun) await refuseUsed(tx)
  const any = tx as unknown as Transaction<AnyTables>
  if (HEADS.includes(table)) {
    for (const { id: _, ...columns } of rows) await any.updateTable(table).set(columns).execute()
  } else if (rows.length > 0) {
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
      await any
        .insertInto(table)
        .values(rows.slice(from, from + ROWS_PER_INSERT))
        .execute()
  }
  await tx
    .insertInto('settings')
    .values({ name: IMPORT_MARKER, value: marker })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: marker }))
    .execute()
}

/** The import is whole: nobody who listened to the other store takes its revisions for those of this one. */
export async function endImport(tx: Transaction<Tables>, { epoch, audit }: ImportEnd): Promise<void> {
  await tx.deleteFrom('settings').where('name', '=', IMPORT_MARKER).execute()
  await tx.updateTable('change_head').set({ epoch }).execute()
  await insertAuditEntry(tx, audit)
}

async function refuseUsed(tx: Transaction<Tables>): Promise<void> {
  for (const table of [
    'api_keys',
    'signing_keys',
    'audit',
    'verifiers',
    'admin_tokens',
    'settings',
  ] as const) {
    const row = await tx.selectFrom(table).select(sql<number>`1`.as('one')).limit(1).executeTakeFirst()
    if (row !== undefined)
      throw new OperatorError('the store is not empty; import into one that no service has used yet')
  }
}
