import type { Kysely } from 'kysely'
import type { SecretUse } from '../secret-use.ts'
import type { Tables } from './tables.ts'

/** Who used the secrets of a key, the last use first. */
export async function listSecretUses(db: Kysely<Tables>, keyId: string): Promise<readonly SecretUse[]> {
  const rows = await db
    .selectFrom('secret_uses')
    .selectAll()
    .where('key_id', '=', keyId)
    .orderBy('last_used_at', 'desc')
    .execute()
  return rows.map((row) => ({
    secretNumber: row.secret_number,
    address: row.address,
    userAgent: row.user_agent,
    verifierId: row.verifier_id,
    uses: row.uses,
    lastUsedAt: row.last_used_at,
  }))
}
