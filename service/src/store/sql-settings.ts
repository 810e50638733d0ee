import type { Kysely, Transaction } from 'kysely'
import type { AuditEntry } from '../audit.ts'
import { REPLACED_MASTER_KEYS } from '../replaced-master-keys.ts'
import { SEALED_SETTING_PREFIX } from '../sealed-secrets.ts'
import { insertAuditEntry } from './sql-audit.ts'
import { listSigningKeys, updateSigningKey } from './sql-signing-keys.ts'
import type { Sealed } from './store.ts'
import type { Tables } from './tables.ts'

/** What is kept under a name. */
export async function findSetting(db: Kysely<Tables>, name: string): Promise<string | undefined> {
  const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst()
  return row?.value
}

/** Keeps a value unless one is kept already. */
export async function settle(tx: Transaction<Tables>, name: string, value: string): Promise<string> {
  const kept = await findSetting(tx, name)
  if (kept !== undefined) return kept
  await tx.insertInto('settings').values({ name, value }).execute()
  return value
}

/** Replaces everything that is sealed under the master key, audited. */
export async function reseal(
  tx: Transaction<Tables>,
  change: (sealed: Sealed) => Sealed,
  audit: AuditEntry,
): Promise<void> {
  const settings = await tx
    .selectFrom('settings')
    .selectAll()
    .where('name', 'like', `${SEALED_SETTING_PREFIX}%`)
    .orderBy('name')
    .execute()
  const signingKeys = await listSigningKeys(tx)
  const sealed = change({ signingKeys, settings, replaced: await findSetting(tx, REPLACED_MASTER_KEYS) })
  for (const key of sealed.signingKeys) await updateSigningKey(tx, key)
  for (const setting of sealed.settings) await putSetting(tx, setting.name, setting.value)
  if (sealed.replaced !== undefined) await putSetting(tx, REPLACED_MASTER_KEYS, sealed.replaced)
  await insertAuditEntry(tx, audit)
}

async function putSetting(tx: Transaction<Tables>, name: string, value: string): Promise<void> {
  await tx
    .insertInto('settings')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute()
}
