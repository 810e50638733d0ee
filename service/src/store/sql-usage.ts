import { type Kysely, sql, type Transaction } from 'kysely'
import {
  type KeySecretUse,
  MAX_CALLERS,
  type UsageBounds,
  type UsageHour,
  type UsagePageRequest,
} from '../usage.ts'
import type { RowLists } from './row-lists.ts'
import type { Tables } from './tables.ts'

/** Adds counts to what is kept of the same key, hour and outcome. The callers' order is the order of the locks. */
export async function addUsageHours(
  db: Kysely<Tables>,
  hours: readonly UsageHour[],
  { listRows }: RowLists,
): Promise<void> {
  const rows = hours.map(({ keyId, hour, outcome, count }) => ({ key_id: keyId, hour, outcome, count }))
  await db
    .insertInto('usage_hours')
    .columns(['key_id', 'hour', 'outcome', 'count'])
    .expression(listRows(rows, { key_id: 'text', hour: 'bigint', outcome: 'text', count: 'bigint' }))
    .onConflict((conflict) =>
      conflict
        .columns(['key_id', 'hour', 'outcome'])
        .doUpdateSet((eb) => ({ count: eb('usage_hours.count', '+', eb.ref('excluded.count')) })),
    )
    .execute()
}

/**
 * Adds uses to what is kept of the same secret and caller; of a secret, only the last callers stay apart. The row of a key in
 * `key_uses` is locked first, so that the callers of a key are changed by one at a time, and those of others meanwhile.
 */
export async function addSecretUses(
  tx: Transaction<Tables>,
  uses: readonly KeySecretUse[],
  lists: RowLists,
): Promise<void> {
  await noteLastUses(tx, uses, lists)
  await upsertUses(tx, uses, lists)
  const crowded = await findCrowded(tx, [...new Set(uses.map(({ keyId }) => keyId))], lists)
  if (crowded.length > 0) await joinOldCallers(tx, crowded, lists)
}

/** The keys with more callers of a secret than stay apart, of those that are given. */
async function findCrowded(
  tx: Transaction<Tables>,
  keyIds: readonly string[],
  { listRows }: RowLists,
): Promise<readonly string[]> {
  const given = listRows(
    keyIds.map((key_id) => ({ key_id })),
    { key_id: 'text' },
  )
  const rows = await tx
    .selectFrom('secret_uses')
    .select('key_id')
    .distinct()
    .where('key_id', 'in', sql<string>`(${given})`)
    .where('address', '!=', '')
    .groupBy(['key_id', 'secret_number'])
    .having(({ fn }) => fn.countAll(), '>', MAX_CALLERS)
    .execute()
  return rows.map(({ key_id }) => key_id)
}

async function joinOldCallers(
  tx: Transaction<Tables>,
  keyIds: readonly string[],
  lists: RowLists,
): Promise<void> {
  const joined = await oldCallers(tx, keyIds)
    .select(['key_id', 'secret_number'])
    .select(({ fn }) => [fn.sum('uses').as('uses'), fn.max('last_used_at').as('last_used_at')])
    .groupBy(['key_id', 'secret_number'])
    .execute()
  await tx
    .deleteFrom('secret_uses')
    .where(({ eb, refTuple }) =>
      eb(
        refTuple('key_id', 'secret_number', 'address', 'user_agent', 'verifier_id'),
        'in',
        oldCallers(tx, keyIds)
          .select(['key_id', 'secret_number', 'address', 'user_agent', 'verifier_id'])
          .$asTuple('key_id', 'secret_number', 'address', 'user_agent', 'verifier_id'),
      ),
    )
    .execute()
  const others = { address: '', userAgent: '', verifierId: '' }
  await upsertUses(
    tx,
    joined.map(({ key_id: keyId, secret_number: secretNumber, uses: sum, last_used_at: lastUsedAt }) => ({
      ...{ keyId, secretNumber, ...others, uses: Number(sum), lastUsedAt },
    })),
    lists,
  )
}

/** The callers of each secret behind the last {@link MAX_CALLERS}. */
function oldCallers(tx: Transaction<Tables>, keyIds: readonly string[]) {
  return tx
    .selectFrom((eb) =>
      eb
        .selectFrom('secret_uses')
        .selectAll()
        .select(({ fn }) =>
          fn
            .agg<number>('row_number')
            .over((over) =>
              over
                .partitionBy(['key_id', 'secret_number'])
                .orderBy('last_used_at', 'desc')
                .orderBy('address')
                .orderBy('user_agent')
                .orderBy('verifier_id'),
            )
            .as('place'),
        )
        .where('key_id', 'in', keyIds)
        .where('address', '!=', '')
        .as('callers'),
    )
    .where('place', '>', MAX_CALLERS)
}

async function upsertUses(
  tx: Transaction<Tables>,
  uses: readonly KeySecretUse[],
  { listRows }: RowLists,
): Promise<void> {
  const rows = uses.map((use) => ({
    key_id: use.keyId,
    secret_number: use.secretNumber,
    address: use.address,
    user_agent: use.userAgent,
    verifier_id: use.verifierId,
    uses: use.uses,
    last_used_at: use.lastUsedAt,
  }))
  await tx
    .insertInto('secret_uses')
    .columns(['key_id', 'secret_number', 'address', 'user_agent', 'verifier_id', 'uses', 'last_used_at'])
    .expression(
      listRows(rows, {
        key_id: 'text',
        secret_number: 'bigint',
        address: 'text',
        user_agent: 'text',
        verifier_id: 'text',
        uses: 'bigint',
        last_used_at: 'bigint',
      }),
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
async function noteLastUses(
  tx: Transaction<Tables>,
  uses: readonly KeySecretUse[],
  { listRows }: RowLists,
): Promise<void> {
  const lastUses = new Map<string, number>()
  for (const { keyId, lastUsedAt } of uses)
    lastUses.set(keyId, Math.max(lastUsedAt, lastUses.get(keyId) ?? 0))
  const rows = [...lastUses].map(([key_id, last_used_at]) => ({ key_id, last_used_at }))
  await tx
    .insertInto('key_uses')
    .columns(['key_id', 'last_used_at'])
    .expression(listRows(rows, { key_id: 'text', last_used_at: 'bigint' }))
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
