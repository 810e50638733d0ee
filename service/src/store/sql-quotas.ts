import type { Kysely } from 'kysely'
import type { QuotaUse } from '../limits/quota.ts'
import type { Tables } from './tables.ts'

/** Adds uses to what is kept of the same key and window. The callers' order is the order of the locks. */
export async function addQuotaUses(
  db: Kysely<Tables>,
  uses: readonly QuotaUse[],
): Promise<readonly QuotaUse[]> {
  const rows = await db
    .insertInto('quotas')
    .values(uses.map(({ keyId, windowStart, used }) => ({ key_id: keyId, window_start: windowStart, used })))
    .onConflict((conflict) =>
      conflict
        .columns(['key_id', 'window_start'])
        .doUpdateSet((eb) => ({ used: eb('quotas.used', '+', eb.ref('excluded.used')) })),
    )
    .returningAll()
    .execute()
  return rows.map((row) => ({ keyId: row.key_id, windowStart: row.window_start, used: row.used }))
}

/** Drops what is kept of windows that began before. */
export async function dropQuotas(db: Kysely<Tables>, before: number): Promise<void> {
  await db.deleteFrom('quotas').where('window_start', '<', before).execute()
}
