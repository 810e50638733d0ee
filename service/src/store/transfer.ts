import type { AuditEntry } from '../audit.ts'

/** The tables that make a store, each with what orders its rows; leases live for seconds and stay where they are. */
export const TRANSFERRED = {
  settings: ['name'],
  signing_keys: ['kid'],
  api_keys: ['key_id'],
  verifiers: ['verifier_id'],
  admin_tokens: ['admin_token_id'],
  revoked_tokens: ['token_id'],
  changes: ['revision'],
  audit_checkpoints: ['last_id'],
  audit: ['id'],
  audit_head: ['id'],
  change_head: ['id'],
  idempotency: ['id'],
  usage_hours: ['key_id', 'hour', 'outcome'],
  secret_uses: ['key_id', 'secret_number', 'address', 'user_agent', 'verifier_id'],
  key_uses: ['key_id'],
  quotas: ['key_id', 'window_start'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** One of {@link TRANSFERRED}. */
export type TransferredTable = keyof typeof TRANSFERRED

/** Their names, in the order in which they are moved. */
export const TRANSFERRED_TABLES = Object.keys(TRANSFERRED) as readonly TransferredTable[]

/** A row of any of them: the same names and values in every store. */
export type TransferRow = Readonly<Record<string, string | number | Buffer | null>>

/** The rows of a store at one moment. */
export interface RowSource {
  count(table: TransferredTable): Promise<number>
  /** The next rows behind `after`, in the order of {@link TRANSFERRED}. */
  readPage(
    table: TransferredTable,
    after: TransferRow | undefined,
    limit: number,
  ): Promise<readonly TransferRow[]>
}

/** The name of the setting that says how far an import has come; a store that has it is not whole. */
export const IMPORT_MARKER = 'import'

/** Some rows of one table, and the marker from then on. */
export interface ImportBatch {
  readonly table: TransferredTable
  readonly rows: readonly TransferRow[]
  readonly marker: string
}

/** How an import ends. */
export interface ImportEnd {
  /** Of the changes: it is another store to whoever listens. 32 hexadecimal digits, random. */
  readonly epoch: string
  readonly audit: AuditEntry
}

/** What moves whole stores, and puts them back. */
export interface TransferStore {
  /**
   * Makes it another store to whoever listens, since it was put back from a backup: all leases are over, and revisions go on
   * behind those that were given before.
   *
   * @param epoch 32 hexadecimal digits, random.
   */
  renewEpoch(renewal: { readonly epoch: string; readonly revision: number }, audit: AuditEntry): Promise<void>

  /** Does `read` with a view of one moment, which nobody waits for. */
  exportRows<T>(read: (source: RowSource) => Promise<T>): Promise<T>
  /**
   * Writes rows as they are, and how far that is, in one transaction; the first batch only into an empty store.
   *
   * @throws {OperatorError} when the store is not empty and no import has begun in it.
   */
  importRows(batch: ImportBatch): Promise<void>
  /** Ends an import: the marker goes. */
  endImport(end: ImportEnd): Promise<void>
}
