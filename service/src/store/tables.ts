import type { Generated } from 'kysely'

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
}

/** The client tokens that are dead before their time; a row goes once its token would be dead without it. */
export interface RevokedTokenTable {
  token_id: string
  expires_at: number
}

/** The audit rows, in the order in which they were written. */
export interface AuditTable {
  id: Generated<number>
  at: number
  actor: string
  action: string
  subject: string
  /** JSON. */
  detail: string
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
  settings: SettingTable
}
