import type { Migration } from './migration.ts'

/** Client tokens: what is revoked before its time, and keys that are found by their secret. */
export const clientTokens: Migration = {
  sqlite: [
    `create table revoked_tokens (
      token_id text primary key not null,
      expires_at integer not null
    ) strict, without rowid`,
    'create index revoked_tokens_by_expiry on revoked_tokens (expires_at)',
    'create index api_keys_by_secret on api_keys (secret_hash)',
    `create index api_keys_by_previous_secret on api_keys (previous_secret_hash)
      where previous_secret_hash is not null`,
  ],
  postgres: [
    `create table revoked_tokens (
      token_id text collate "C" primary key,
      expires_at bigint not null
    )`,
    'create index revoked_tokens_by_expiry on revoked_tokens (expires_at)',
    'create index api_keys_by_secret on api_keys (secret_hash)',
    `create index api_keys_by_previous_secret on api_keys (previous_secret_hash)
      where previous_secret_hash is not null`,
  ],
}
