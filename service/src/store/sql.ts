import type { KeyObject } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import type { RowLists } from './row-lists.ts'
import { changeAdminToken, findAdminToken, insertAdminToken, listAdminTokens } from './sql-admin-tokens.ts'
import {
  chainWith,
  listAuditEntries,
  listAuditPage,
  listChainedRows,
  pruneAudit,
  readChainEnds,
} from './sql-audit.ts'
import { type DatabaseTime, endLease, listLeases, renewEpoch } from './sql-changes.ts'
import {
  changeApiKey,
  findApiKey,
  insertApiKey,
  insertApiKeys,
  insertFirstApiKey,
  type KeySearch,
  listApiKeys,
} from './sql-keys.ts'
import { addQuotaUses, dropQuotas } from './sql-quotas.ts'
import { changeOnce } from './sql-receipts.ts'
import { isTokenRevoked, listRevokedTokens, revokeToken } from './sql-revoked-tokens.ts'
import { listSecretUses } from './sql-secret-uses.ts'
import { findSetting, reseal, settle } from './sql-settings.ts'
import { changeSigningKeys, listSigningKeys } from './sql-signing-keys.ts'
import { endImport, importRows } from './sql-transfer.ts'
import { addSecretUses, addUsageHours, dropUsage, listUsageHours } from './sql-usage.ts'
import { changeVerifier, findVerifierBySecret, insertVerifier, listVerifiers } from './sql-verifiers.ts'
import type { Store } from './store.ts'
import type { Tables } from './tables.ts'

/** What a store does the same way on every database. */
export type SqlStore = Omit<
  Store,
  | 'findKeyCredentials'
  | 'findKeyCredentialsBySecret'
  | 'readChanges'
  | 'acknowledgeLease'
  | 'hearChanges'
  | 'exportRows'
  | 'readWarnings'
  | 'ping'
  | 'close'
>

/** What differs from database to database. */
export interface SqlDatabase extends DatabaseTime, KeySearch, RowLists {
  /**
   * Called first in each transaction: from here on what is read inside it is not changed by another before it ends
   * (SQLite: nothing, a transaction begins that way).
   */
  makeExclusive(tx: Transaction<Tables>): Promise<void>
}

/** The queries, each written once; one file a concern beside this one. */
export function createSqlStore(db: Kysely<Tables>, database: SqlDatabase): SqlStore {
  let openChainKey: (() => Promise<KeyObject>) | undefined
  let chainKey: KeyObject | undefined
  const inPlainTransaction: InTransaction = (work) =>
    db.transaction().execute(async (tx) => {
      await database.makeExclusive(tx)
      if (chainKey !== undefined) chainWith(tx, chainKey)
      return work(tx)
    })
  const inTransaction: InTransaction = async (work) => {
    chainKey ??= await openChainKey?.()
    return inPlainTransaction(work)
  }
  return {
    ...createQueries(db, database, inTransaction),
    // Beside whoever changes something: a revocation must not wait for what is counted.
    addSecretUses: (uses) => db.transaction().execute((tx) => addSecretUses(tx, uses, database)),
    chainAudit(open) {
      openChainKey = open
    },
    // Without the key, which is itself settled.
    settle: (name, value) => inPlainTransaction((tx) => settle(tx, name, value)),
    // The chain's key is itself one of the rows.
    importRows: (batch) => inPlainTransaction((tx) => importRows(tx, batch)),
    changeOnce: (request, work) =>
      inTransaction((tx) =>
        changeOnce(tx, request, () => work(createQueries(tx, database, (inside) => inside(tx)))),
      ),
  }
}

type InTransaction = <T>(work: (tx: Transaction<Tables>) => Promise<T>) => Promise<T>

function createQueries(
  db: Kysely<Tables>,
  database: SqlDatabase,
  inTransaction: InTransaction,
): Omit<SqlStore, 'changeOnce' | 'chainAudit' | 'importRows' | 'addSecretUses'> {
  return {
    findApiKey: (keyId) => findApiKey(db, keyId),
    listApiKeys: (request) => listApiKeys(db, request, database),
    insertApiKey: (added) => inTransaction((tx) => insertApiKey(tx, added.key, added.audit)),
    insertApiKeys: (added, beforeCommit) => inTransaction((tx) => insertApiKeys(tx, added, beforeCommit)),
    insertFirstApiKey: (added, beforeCommit) =>
      inTransaction((tx) => insertFirstApiKey(tx, added.key, added.audit, beforeCommit)),
    changeApiKey: (keyId, change) => inTransaction((tx) => changeApiKey(tx, keyId, change)),
    revokeToken: (revocation, audit) => inTransaction((tx) => revokeToken(tx, revocation, audit)),
    isTokenRevoked: (tokenId) => isTokenRevoked(db, tokenId),
    findVerifierBySecret: (secretHash) => findVerifierBySecret(db, secretHash),
    listVerifiers: () => listVerifiers(db),
    insertVerifier: (added) => inTransaction((tx) => insertVerifier(tx, added)),
    changeVerifier: (verifierId, change) => inTransaction((tx) => changeVerifier(tx, verifierId, change)),
    findAdminToken: (tokenHash) => findAdminToken(db, tokenHash),
    listAdminTokens: () => listAdminTokens(db),
    insertAdminToken: (added) => inTransaction((tx) => insertAdminToken(tx, added)),
    changeAdminToken: (id, change) => inTransaction((tx) => changeAdminToken(tx, id, change)),
    renewEpoch: (renewal, audit) => inTransaction((tx) => renewEpoch(tx, renewal, audit)),
    endLease: (holder) => endLease(db, holder),
    listLeases: () => listLeases(db, database),
    listAuditPage: (request) => listAuditPage(db, request),
    listRevokedTokens: (request) => listRevokedTokens(db, request),
    listChainedRows: (after, limit) => listChainedRows(db, after, limit),
    readChainEnds: () => readChainEnds(db),
    pruneAudit: (before, audit) => inTransaction((tx) => pruneAudit(tx, before, audit)),
    listAuditEntries: (subject, limit) => listAuditEntries(db, subject, limit),
    listSecretUses: (keyId) => listSecretUses(db, keyId),
    addUsageHours: (hours) => addUsageHours(db, hours, database),
    dropUsage: (bounds) => dropUsage(db, bounds),
    listUsageHours: (request) => listUsageHours(db, request),
    listSigningKeys: () => listSigningKeys(db),
    changeSigningKeys: (plan, audit) => inTransaction((tx) => changeSigningKeys(tx, plan, audit)),
    reseal: (change, audit) => inTransaction((tx) => reseal(tx, change, audit)),
    endImport: (end) => inTransaction((tx) => endImport(tx, end)),
    findSetting: (name) => findSetting(db, name),
    addQuotaUses: (uses) => addQuotaUses(db, uses),
    dropQuotas: (before) => dropQuotas(db, before),
    settle: (name, value) => inTransaction((tx) => settle(tx, name, value)),
  }
}
