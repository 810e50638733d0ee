import type { Kysely, Transaction } from 'kysely'
import { CHANGE_SECONDS } from '../change.ts'
import type { SigningKey } from '../signing-key.ts'
import type { SigningKeyChange } from '../signing-keys.ts'
import { fromSigningKey, toSigningKey } from './rows.ts'
import { insertAuditEntry } from './sql-audit.ts'
import { insertChange } from './sql-changes.ts'
import type { Store } from './store.ts'
import type { Tables } from './tables.ts'

/** All signing keys in order of creation. */
export async function listSigningKeys(db: Kysely<Tables>): Promise<readonly SigningKey[]> {
  const rows = await db.selectFrom('signing_keys').selectAll().orderBy('created_at').orderBy('kid').execute()
  return rows.map(toSigningKey)
}

/** What a plan makes of the signing keys there are, and the changes that others hear of. */
export async function changeSigningKeys(
  tx: Transaction<Tables>,
  plan: Parameters<Store['changeSigningKeys']>[0],
  audit: Parameters<Store['changeSigningKeys']>[1],
): Promise<readonly SigningKey[]> {
  const before = await listSigningKeys(tx)
  const change = plan(before)
  await writeSigningKeys(tx, change)
  const entries = audit(change)
  const at = entries.at(-1)?.at
  for (const entry of entries) await insertAuditEntry(tx, entry)
  if (at !== undefined) await tellSigningKeys(tx, before, change, at)
  return listSigningKeys(tx)
}

async function writeSigningKeys(tx: Transaction<Tables>, change: SigningKeyChange): Promise<void> {
  for (const key of change.update) await updateSigningKey(tx, key)
  for (const key of change.insert) await tx.insertInto('signing_keys').values(fromSigningKey(key)).execute()
  for (const key of change.remove ?? [])
    await tx.deleteFrom('signing_keys').where('kid', '=', key.kid).execute()
}

/** Writes the row of a signing key anew. */
export async function updateSigningKey(tx: Transaction<Tables>, key: SigningKey): Promise<void> {
  const { kid, ...columns } = fromSigningKey(key)
  await tx.updateTable('signing_keys').set(columns).where('kid', '=', kid).execute()
}

async function tellSigningKeys(
  tx: Transaction<Tables>,
  before: readonly SigningKey[],
  change: SigningKeyChange,
  at: number,
): Promise<void> {
  const told = { generation: null, at, expiresAt: at + CHANGE_SECONDS }
  for (const { kid, lostAt } of change.update) {
    const wasLost = before.find((key) => key.kid === kid)?.lostAt !== null
    if (lostAt !== null && !wasLost) await insertChange(tx, { kind: 'signing-key', subject: kid, ...told })
  }
  await insertChange(tx, { kind: 'signing-keys', subject: '', ...told })
}
