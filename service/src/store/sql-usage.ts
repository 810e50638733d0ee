import type { Kysely, Transaction } from 'kysely'
import {
  type KeySecretUse,
  MAX_CALLERS,
  type UsageBounds,
  type UsageHour,
  type UsagePageRequest,
} from '../usage.ts'
import type { Tables } from './tables.ts'

/** Adds counts to what is kept of the same key, hour and outcome. The callers' order is the order of the locks. */
export async function addUsageHours(db: Kysely<Tables>, hours: readonly UsageHour[]): Promise<void> {
  await db
    .insertInto('usage_hours')
    .values(hours.map(({ keyId, hour, outcome, count }) => ({ key_id: keyId, hour, outcome, count })))
    .onConflict((conflict) =>
      conflict
        .columns(['key_id', 'hour', 'outcome'])
        .doUpdateSet((eb) => ({ count: eb('usage_hours.count', '+', eb.ref('excluded.count')) })),
    )
    .execute()
}

/** Adds uses to what is kept of the same secret and caller; of a secret, only the last callers stay apart. */
export async function addSecretUses(tx: Transaction<Tables>, uses: readonly KeySecretUse[]): Promise<void> {
  await upsertUses(tx, uses)
  await noteLastUses(tx, uses)
  const crowded = await tx
    .selectFrom('secret_uses')
    .select(['key_id', 'secret_number'])
    .where('key_id', 'in', [...new Set(uses.map(({ keyId }) => keyId))])
    .where('address', '!=', '')
    .groupBy(['key_id', 'secret_number'])
    .having((eb) => eb.fn.countAll(), '>', MAX_CALLERS)
    .execute()
  for (const { key_id: keyId, secret_number: secretNumber } of crowded)
    await joinOldCallers(tx, keyId, secretNumber)
}

async function joinOldCallers(tx: Transaction<Tables>, keyId: string, secretNumber: number): Promise<void> {
  const callers = await tx
    .selectFrom('secret_uses')
    .selectAll()
    .where('key_id', '=', keyId)
    .where('secret_number', '=', secretNumber)
    .where('address', '!=', '')
    .orderBy('last_used_at', 'desc')
    .orderBy('address')
    .orderBy('user_agent')
    .orderBy('verifier_id')
    .execute()
  const joined = callers.slice(MAX_CALLERS)
  for (const { address, user_agent, verifier_id } of joined)
    await tx
      .deleteFrom('secret_uses')
      .where('key_id', '=', keyId)
      .where('secret_number', '=', secretNumber)
      .where('address', '=', address)
      .where('user_agent', '=', user_agent)
      .where('verifier_id', '=', verifier_id)
      .execute()
  const uses = joined.reduce((sum, caller) => sum + caller.uses, 0)
  const lastUsedAt = Math.max(...joined.map((caller) => caller.last_used_at))
  await upsertUses(tx, [
    { keyId, secretNumber, address: '', userAgent: '', verifierId: '', uses, lastUsedAt },
  ])
}

async function upsertUses(tx: Transaction<Tables>, uses: readonly KeySecretUse[]): Promise<void> {
  await tx
    .insertInto('secret_uses')
    .values(
      uses.map((use) => ({
        key_id: use.keyId,
        secret_number: use.secretNumber,
        address: use.address,
        user_agent: use.userAgent,
        verifier_id: use.verifierId,
        uses: use.uses,
        last_used_at: use.lastUsedAt,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['key_id', 'secret_number', 'address', 'user_agent', 'verifier_id'])
        .doUpdateSet((eb) => ({
          uses: eb('secret_uses.uses', '+', eb.ref('excluded.uses')),
          last_used_at: eb
            .case()
            .when('excluded.last_used_at', '>', eb.ref('secret_uses.last_used_at'))
            .then(eb.ref('excluded.last_used_at'))
            .else(eb.ref('secret_uses.last_used_at'))
            .end(),
        })),
    )
    .execute()
}

/** In the order of the uses, which is the one of all nodes. */
async function noteLastUses(tx: Transaction<Tables>, uses: readonly KeySecretUse[]): Promise<void> {
  const lastUses = new Map<string, number>()
  for (const { keyId, lastUsedAt } of uses)
    lastUses.set(keyId, Math.max(lastUsedAt, lastUses.get(keyId) ?? 0))
  await tx
    .insertInto('key_uses')
    .values([...lastUses].map(([key_id, last_used_at]) => ({ key_id, last_used_at })))
    .onConflict((conflict) =>
      conflict
        .column('key_id')
        .doUpdateSet((eb) => ({ last_used_at: eb.ref('excluded.last_used_at') }))
        .whereRef('excluded.last_used_at', '>', 'key_uses.last_used_at'),
    )
    .execute()
}

/** Drops what is kept of hours, and of callers, from before a time each. */
export async function dropUsage(
  db: Kysely<Tables>,
  { hoursBefore, callersBefore }: UsageBounds,
): Promise<void> {
  await db.deleteFrom('usage_hours').where('hour', '<', hoursBefore).execute()
  await db.deleteFrom('secret_uses').where('last_used_at', '<', callersBefore).execute()
}

/** A page of counts, the newest hour first. */
export async function listUsageHours(
  db: Kysely<Tables>,
  { keyId, from, to, after, limit }: UsagePageRequest,
): Promise<readonly UsageHour[]> {
  let query = db.selectFrom('usage_hours').selectAll()
  if (keyId !== null) query = query.where('key_id', '=', keyId)
  if (from !== null) query = query.where('hour', '>=', from)
  if (to !== null) query = query.where('hour', '<', to)
  if (after !== null)
    query = query.where((eb) =>
      eb.or([
        eb('hour', '<', after.hour),
        eb.and([eb('hour', '=', after.hour), eb('key_id', '>', after.keyId)]),
        eb.and([
          eb('hour', '=', after.hour),
          eb('key_id', '=', after.keyId),
          eb('outcome', '>', after.outcome),
        ]),
      ]),
    )
  const rows = await query.orderBy('hour', 'desc').orderBy('key_id').orderBy('outcome').limit(limit).execute()
  return rows.map((row) => ({ keyId: row.key_id, hour: row.hour, outcome: row.outcome, count: row.count }))
}
