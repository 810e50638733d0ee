import type { Transaction } from 'kysely'
import { RECEIPT_SECONDS, type Receipt, type RepeatableRequest } from '../receipt.ts'
import type { Tables } from './tables.ts'

/** Does `work` unless there is a receipt for the request, and keeps one, in the same transaction. */
export async function changeOnce(
  tx: Transaction<Tables>,
  { id, requestHash, now }: RepeatableRequest,
  work: () => Promise<string>,
): Promise<Receipt> {
  await tx.deleteFrom('idempotency').where('expires_at', '<=', now).execute()
  const kept = await tx.selectFrom('idempotency').selectAll().where('id', '=', id).executeTakeFirst()
  if (kept !== undefined) return { requestHash: kept.request_hash, outcome: kept.outcome, repeated: true }
  const outcome = await work()
  await tx
    .insertInto('idempotency')
    .values({ id, request_hash: requestHash, outcome, created_at: now, expires_at: now + RECEIPT_SECONDS })
    .execute()
  return { requestHash, outcome, repeated: false }
}
