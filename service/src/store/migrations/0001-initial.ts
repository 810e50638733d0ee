/** The first schema: keys, signing keys, audit, settings. */
export const initial = [
  `create table api_keys (
    key_id text primary key not null,
    name text not null,
    scopes text not null,
    state text not null check (state in ('active', 'disabled', 'revoked')),
    generation integer not null check (generation > 0),
    direct integer not null check (direct in (0, 1)),
    created_at integer not null,
    expires_at integer,
    secret_hash blob not null check (length(secret_hash) = 32),
    previous_secret_hash blob check (length(previous_secret_hash) = 32),
    previous_secret_expires_at integer
  ) strict, without rowid`,
  'create index api_keys_by_creation on api_keys (created_at, key_id)',
  `create table signing_keys (
    kid text primary key not null,
    algorithm text not null check (algorithm in ('ES256', 'EdDSA', 'HS256')),
    state text not null check (state in ('next', 'active', 'retired')),
    sealed_private_key blob not null,
    public_jwk text,
    created_at integer not null,
    retired_at integer,
    check ((state = 'retired') = (retired_at is not null))
  ) strict, without rowid`,
  `create unique index signing_keys_one_a_state on signing_keys (state) where state <> 'retired'`,
  `create table audit (
    id integer primary key autoincrement,
    at integer not null,
    actor text not null,
    action text not null,
    subject text not null,
    detail text not null
  ) strict`,
  'create index audit_by_subject on audit (subject, id)',
  `create table settings (
    name text primary key not null,
    value text not null
  ) strict, without rowid`,
] as const
