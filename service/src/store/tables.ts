import type { Generated } from 'kysely'

/** As many rows in a statement as PostgreSQL and SQLite have places for values, whatever the table. */
export const ROWS_PER_INSERT = 100

/** One row a key, its secrets inside, so that the hot look-up reads one row. */
export interface ApiKeyTable {
  key_id: string
  name: string
  /** Space-separated. */
  scopes: string
  state: string
  generation: number
  /** 0 or 1. */
  direct: number
  /** Epoch seconds, as all times here. */
  created_at: number
  expires_at: number | null
  secret_hash: Buffer
  previous_secret_hash: Buffer | null
  previous_secret_expires_at: number | null
  /** Of the last change; 0 for a key that was never changed. */
  revision: number
  /** Which secret of the key it is, counted from 1: names a secret without showing it. */
  secret_number: number
  previous_secret_number: number | null
}

/** The signing keys, private parts sealed. */
export interface SigningKeyTable {
  kid: string
  algorithm: string
  state: string
  sealed_private_key: Buffer
  /** JSON, or `null` for HS256. */
  public_jwk: string | null
  created_at: number
  retired_at: number | null
  activated_at: number | null
  /** From when on the key counts as lost: in no key set, and verifies nothing. */
  lost_at: number | null
}

/** The tokens that are dead before their time; a row goes once its token would be dead without it. */
export interface RevokedTokenTable {
  token_id: string
  expires_at: number
}

/** The audit rows, in the order in which they were written, numbered without a gap. */
export interface AuditTable {
  id: number
  at: number
  actor: string
  action: string
  subject: string
  /** JSON. */
  detail: string
  /** From where: `command`, or a client's address. */
  origin: string
  /** JSON, or `null`: what was changed, as it was and as it is. */
  before: string | null
  after: string | null
  /** The keyed hash of the row and of the one before it. */
  mac: Buffer | null
}

/** One row: the end of the audit's chain. */
export interface AuditHeadTable {
  id: number
  last_id: number
  mac: Buffer | null
}

/** What stands for the audit rows that were removed when their time was over. */
export interface AuditCheckpointTable {
  /** The last row that was removed. */
  last_id: number
  rows: number
  at: number
  /** The keyed hash of the last row that was removed: where the chain goes on. */
  chain_mac: Buffer
  /** The keyed hash of the checkpoint itself. */
  mac: Buffer
}

/** One row: how many changes there were, and of which store they are. */
export interface ChangeHeadTable {
  id: number
  revision: number
  /** A random word, renewed when a store is put back from a backup. */
  epoch: string
}

/** The changes that nodes and checkers hear of, while they are in force. */
export interface ChangeTable {
  revision: number
  kind: string
  subject: string
  generation: number | null
  at: number
  expires_at: number
  written_at_ms: Generated<number>
}

/** Who hears of changes, and how far. */
export interface LeaseTable {
  holder: string
  kind: string
  name: string
  revision: number
  /** Epoch milliseconds. */
  expires_at_ms: number
}

/** The credentials of those who check tokens. */
export interface VerifierTable {
  verifier_id: string
  name: string
  state: string
  secret_hash: Buffer
  previous_secret_hash: Buffer | null
  previous_secret_expires_at: number | null
  created_at: number
  revision: number
}

/** The credentials of the operator's API. */
export interface AdminTokenTable {
  admin_token_id: string
  name: string
  token_hash: Buffer
  created_at: number
  expires_at: number
  revoked_at: number | null
}

/** What became of a request that may be repeated; no secret. */
export interface IdempotencyTable {
  id: string
  request_hash: Buffer
  /** JSON. */
  outcome: string
  created_at: number
  expires_at: number
}

/** What keys were used for, an hour a row. */
export interface UsageHourTable {
  /** Empty where the key is unknown. */
  key_id: string
  /** Epoch seconds of its beginning. */
  hour: number
  /** `issued`, or the id of an error. */
  outcome: string
  count: number
}

/** Who used which secret of a key last, and when. */
export interface SecretUseTable {
  key_id: string
  secret_number: number
  address: string
  user_agent: string
  /** Empty where the holder of the secret sent it. */
  verifier_id: string
  uses: number
  last_used_at: number
}

/** When a key was used last, whatever was dropped of who used it. */
export interface KeyUseTable {
  key_id: string
  last_used_at: number
}

/** How much of a key's quota is used up. */
export interface QuotaTable {
  key_id: string
  window_start: number
  used: number
}

/** What is settled once and kept, such as the issuer. */
export interface SettingTable {
  name: string
  value: string
}

/** The tables of every store, by name. */
export interface Tables {
  api_keys: ApiKeyTable
  signing_keys: SigningKeyTable
  revoked_tokens: RevokedTokenTable
  audit: AuditTable
  audit_head: AuditHeadTable
  audit_checkpoints: AuditCheckpointTable
  settings: SettingTable
  change_head: ChangeHeadTable
  changes: ChangeTable
  leases: LeaseTable
  verifiers: VerifierTable
  admin_tokens: AdminTokenTable
  idempotency: IdempotencyTable
  usage_hours: UsageHourTable
  secret_uses: SecretUseTable
  key_uses: KeyUseTable
  quotas: QuotaTable
}
