import type { Kysely, Transaction } from 'kysely'
import { CHANGE_SECONDS } from '../change.ts'
import type { Verifier } from '../verifier.ts'
import { fromVerifier, toVerifier } from './rows.ts'
import { insertAuditEntry } from './sql-audit.ts'
import { insertChange } from './sql-changes.ts'
import type { AuditedVerifier, Store } from './store.ts'
import type { Tables } from './tables.ts'

/** The verifier of a secret, its own or the one that a rotation lets live on. */
export async function findVerifierBySecret(
  db: Kysely<Tables>,
  secretHash: Buffer,
): Promise<Verifier | undefined> {
  const row = await db
    .selectFrom('verifiers')
    .selectAll()
    .where((eb) => eb.or([eb('secret_hash', '=', secretHash), eb('previous_secret_hash', '=', secretHash)]))
    .limit(1)
    .executeTakeFirst()
  return row && toVerifier(row)
}

/** Every verifier, in order of creation. */
export async function listVerifiers(db: Kysely<Tables>): Promise<readonly Verifier[]> {
  const rows = await db
    .selectFrom('verifiers')
    .selectAll()
    .orderBy('created_at')
    .orderBy('verifier_id')
    .execute()
  return rows.map(toVerifier)
}

/** A new verifier. Nobody has to hear of it: that one is not there is never remembered. */
export async function insertVerifier(
  tx: Transaction<Tables>,
  { verifier, audit }: AuditedVerifier,
): Promise<void> {
  await tx.insertInto('verifiers').values(fromVerifier(verifier)).execute()
  await insertAuditEntry(tx, audit)
}

/** A verifier that becomes another one, and the change by which its feed is cut and nobody goes on remembering it. */
export async function changeVerifier(
  tx: Transaction<Tables>,
  verifierId: string,
  change: Parameters<Store['changeVerifier']>[1],
): Promise<Verifier | undefined> {
  const row = await tx
    .selectFrom('verifiers')
    .selectAll()
    .where('verifier_id', '=', verifierId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const verifier = toVerifier(row)
  const changed = change(verifier)
  if (changed.verifier === verifier) return verifier
  const { at } = changed.audit
  const revision = await insertChange(tx, {
    kind: 'verifier',
    subject: verifierId,
    generation: null,
    at,
    expiresAt: at + CHANGE_SECONDS,
  })
  const written = { ...changed.verifier, revision }
  const { verifier_id, ...columns } = fromVerifier(written)
  await tx.updateTable('verifiers').set(columns).where('verifier_id', '=', verifier_id).execute()
  await insertAuditEntry(tx, changed.audit)
  return written
}
