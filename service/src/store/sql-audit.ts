import type { KeyObject } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import type { AuditEntry } from '../audit.ts'
import {
  CHAIN_START,
  type ChainEnds,
  type ChainedRow,
  type Checkpoint,
  hashCheckpoint,
  hashRow,
} from '../audit-chain.ts'
import type { AuditPageRequest, AuditRow } from './pages.ts'
import { fromAuditEntry, toAuditEntry } from './rows.ts'
import { ROWS_PER_INSERT, type Tables } from './tables.ts'

const chainKeys = new WeakMap<object, KeyObject>()

/** Says with which key the audit rows of a transaction are chained. */
export function chainWith(tx: Transaction<Tables>, key: KeyObject): void {
  chainKeys.set(tx, key)
}

/**
 * Writes an audit row behind the last one, chained where the transaction has a key for it. The row that counts them is
 * locked from here to the end of the transaction.
 */
export function insertAuditEntry(tx: Transaction<Tables>, entry: AuditEntry): Promise<void> {
  return insertAuditEntries(tx, [entry])
}

/** Writes audit rows one behind the other, as {@link insertAuditEntry} writes one. */
export async function insertAuditEntries(
  tx: Transaction<Tables>,
  entries: readonly AuditEntry[],
): Promise<void> {
  if (entries.length === 0) return
  const head = await tx
    .updateTable('audit_head')
    .set((eb) => ({ last_id: eb('last_id', '+', entries.length) }))
    .returning(['last_id', 'mac'])
    .executeTakeFirstOrThrow()
  const key = chainKeys.get(tx)
  const firstId = head.last_id - entries.length + 1
  let mac: Buffer | null = null
  const rows = entries.map((entry, index) => {
    const row = { id: firstId + index, ...fromAuditEntry(entry) }
    mac = key === undefined ? null : hashRow(key, mac ?? head.mac ?? CHAIN_START, row)
    return { ...row, mac }
  })
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await tx
      .insertInto('audit')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
  if (mac !== null) await tx.updateTable('audit_head').set({ mac }).execute()
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

/** A page of audit rows, the newest first. */
export async function listAuditPage(
  db: Kysely<Tables>,
  { before, subject, limit }: AuditPageRequest,
): Promise<readonly AuditRow[]> {
  let query = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit)
  if (before !== null) query = query.where('id', '<', before)
  if (subject !== null) query = query.where('subject', '=', subject)
  return (await query.execute()).map((row) => ({ id: row.id, entry: toAuditEntry(row) }))
}

/** A page of the rows themselves, the oldest first. */
export async function listChainedRows(
  db: Kysely<Tables>,
  after: number,
  limit: number,
): Promise<readonly ChainedRow[]> {
  return db.selectFrom('audit').selectAll().where('id', '>', after).orderBy('id').limit(limit).execute()
}

/** Where the chain begins and ends. */
export async function readChainEnds(db: Kysely<Tables>): Promise<ChainEnds> {
  const head = await db.selectFrom('audit_head').select(['last_id', 'mac']).executeTakeFirstOrThrow()
  return { checkpoint: await findCheckpoint(db), lastId: head.last_id, mac: head.mac }
}

async function findCheckpoint(db: Kysely<Tables>): Promise<Checkpoint | undefined> {
  const row = await db
    .selectFrom('audit_checkpoints')
    .selectAll()
    .orderBy('last_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { lastId: row.last_id, rows: row.rows, at: row.at, chainMac: row.chain_mac, mac: row.mac }
}

/** How many rows one pruning removes at most, so that no transaction is long. */
const MAX_PRUNED_ROWS = 10_000

/**
 * Removes the rows that are older than `before`, the oldest first, and leaves a checkpoint and an audit row in their place.
 * Rows that were never chained go only together with one that was.
 *
 * @returns how many went.
 */
export async function pruneAudit(
  tx: Transaction<Tables>,
  before: number,
  audit: (removed: { readonly rows: number; readonly lastId: number }) => AuditEntry,
): Promise<number> {
  const key = chainKeys.get(tx)
  if (key === undefined) throw new Error('audit rows are removed only where their place can be signed')
  // Taken first: who writes a row waits from here on.
  await tx
    .updateTable('audit_head')
    .set((eb) => ({ last_id: eb.ref('last_id') }))
    .execute()
  const old = await tx
    .selectFrom('audit')
    .select(['id', 'at', 'mac'])
    .orderBy('id')
    .limit(MAX_PRUNED_ROWS)
    .execute()
  const end = old.findIndex((row) => row.at >= before)
  const removed = end === -1 ? old : old.slice(0, end)
  const last = removed.findLast((row) => row.mac !== null)
  if (last === undefined || last.mac === null) return 0
  const earlier = (await findCheckpoint(tx))?.rows ?? 0
  const { numDeletedRows } = await tx.deleteFrom('audit').where('id', '<=', last.id).executeTakeFirstOrThrow()
  const rows = Number(numDeletedRows)
  const entry = audit({ rows, lastId: last.id })
  const checkpoint = { lastId: last.id, rows: earlier + rows, at: entry.at, chainMac: last.mac }
  await tx
    .insertInto('audit_checkpoints')
    .values({
      last_id: last.id,
      rows: checkpoint.rows,
      at: entry.at,
      chain_mac: last.mac,
      mac: hashCheckpoint(key, checkpoint),
    })
    .execute()
  await insertAuditEntry(tx, entry)
  return rows
}
