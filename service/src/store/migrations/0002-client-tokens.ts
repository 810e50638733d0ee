/** Client tokens: what is revoked before its time, and keys that are found by their secret. */
export const clientTokens = [
  `create table revoked_tokens (
    token_id text primary key not null,
    expires_at integer not null
  ) strict, without rowid`,
  'create index revoked_tokens_by_expiry on revoked_tokens (expires_at)',
  'create index api_keys_by_secret on api_keys (secret_hash)',
  `create index api_keys_by_previous_secret on api_keys (previous_secret_hash)
    where previous_secret_hash is not null`,
] as const
