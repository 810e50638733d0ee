import { tellEndedBefore } from './0003-ended-before.ts'
import type { Migration } from './migration.ts'

/**
 * Many nodes: changes in the order of their commits, leases of those who hear of them, verifiers, the operator's API, the
 * chain of the audit, usage.
 */
export const manyNodes: Migration = {
  // The rows of the audit are numbered by their head from here on.
  compatibleFrom: 3,
  sqlite: [
    'alter table api_keys add column revision integer not null default 0',
    'alter table api_keys add column secret_number integer not null default 1',
    'alter table api_keys add column previous_secret_number integer',
    // Who uses the older one of two secrets is counted by its number.
    'update api_keys set secret_number = 2, previous_secret_number = 1 where previous_secret_hash is not null',
    'alter table signing_keys add column activated_at integer',
    'alter table signing_keys add column lost_at integer',
    `create table change_head (
      id integer primary key check (id = 1),
      revision integer not null,
      epoch text not null
    ) strict`,
    `insert into change_head (id, revision, epoch) values (1, 0, lower(hex(randomblob(16))))`,
    `create table changes (
      revision integer primary key,
      kind text not null
        check (kind in ('key', 'token', 'signing-key', 'signing-keys', 'verifier', 'admin-token')),
      subject text not null,
      generation integer,
      at integer not null,
      expires_at integer not null,
      written_at_ms integer not null default (cast(unixepoch('subsec') * 1000 as integer))
    ) strict`,
    'create index changes_by_expiry on changes (expires_at)',
    ...tellEndedBefore('unixepoch()', 'null'),
    `create table leases (
      holder text primary key not null,
      kind text not null check (kind in ('node', 'verifier')),
      name text not null,
      revision integer not null,
      expires_at_ms integer not null
    ) strict, without rowid`,
    `create table verifiers (
      verifier_id text primary key not null,
      name text not null,
      state text not null check (state in ('active', 'revoked')),
      secret_hash blob not null check (length(secret_hash) = 32),
      previous_secret_hash blob check (length(previous_secret_hash) = 32),
      previous_secret_expires_at integer,
      created_at integer not null,
      revision integer not null default 0
    ) strict, without rowid`,
    'create index verifiers_by_secret on verifiers (secret_hash)',
    `create index verifiers_by_previous_secret on verifiers (previous_secret_hash)
      where previous_secret_hash is not null`,
    `create table admin_tokens (
      admin_token_id text primary key not null,
      name text not null,
      token_hash blob not null check (length(token_hash) = 32),
      created_at integer not null,
      expires_at integer not null,
      revoked_at integer
    ) strict, without rowid`,
    'create unique index admin_tokens_by_hash on admin_tokens (token_hash)',
    `create table idempotency (
      id text primary key not null,
      request_hash blob not null check (length(request_hash) = 32),
      outcome text not null,
      created_at integer not null,
      expires_at integer not null
    ) strict, without rowid`,
    'create index idempotency_by_expiry on idempotency (expires_at)',
    `alter table audit add column origin text not null default ''`,
    'alter table audit add column before text',
    'alter table audit add column after text',
    'alter table audit add column mac blob',
    `create table audit_head (
      id integer primary key check (id = 1),
      last_id integer not null,
      mac blob
    ) strict`,
    'insert into audit_head (id, last_id) select 1, coalesce(max(id), 0) from audit',
    `create table audit_checkpoints (
      last_id integer primary key,
      rows integer not null,
      at integer not null,
      chain_mac blob not null,
      mac blob not null
    ) strict`,
    `create table usage_hours (
      key_id text not null,
      hour integer not null,
      outcome text not null,
      count integer not null,
      primary key (key_id, hour, outcome)
    ) strict, without rowid`,
    'create index usage_hours_by_hour on usage_hours (hour)',
    `create table secret_uses (
      key_id text not null,
      secret_number integer not null,
      address text not null,
      user_agent text not null,
      verifier_id text not null,
      uses integer not null,
      last_used_at integer not null,
      primary key (key_id, secret_number, address, user_agent, verifier_id)
    ) strict, without rowid`,
    'create index secret_uses_by_time on secret_uses (last_used_at)',
    `create table key_uses (
      key_id text primary key not null,
      last_used_at integer not null
    ) strict, without rowid`,
    `create table quotas (
      key_id text not null,
      window_start integer not null,
      used integer not null,
      primary key (key_id, window_start)
    ) strict, without rowid`,
  ],
  postgres: [
    'alter table api_keys add column revision bigint not null default 0',
    'alter table api_keys add column secret_number bigint not null default 1',
    'alter table api_keys add column previous_secret_number bigint',
    'update api_keys set secret_number = 2, previous_secret_number = 1 where previous_secret_hash is not null',
    'alter table signing_keys add column activated_at bigint',
    'alter table signing_keys add column lost_at bigint',
    `create table change_head (
      id bigint primary key check (id = 1),
      revision bigint not null,
      epoch text not null
    )`,
    `insert into change_head (id, revision, epoch) values (1, 0, replace(gen_random_uuid()::text, '-', ''))`,
    `create function tell_change() returns trigger language plpgsql as $$
      begin
        perform pg_notify('interhuman_auth_changes', new.revision::text);
        return null;
      end
    $$`,
    `create trigger change_head_tells after update on change_head
      for each row execute function tell_change()`,
    `create table changes (
      revision bigint primary key,
      kind text not null
        check (kind in ('key', 'token', 'signing-key', 'signing-keys', 'verifier', 'admin-token')),
      subject text not null,
      generation bigint,
      at bigint not null,
      expires_at bigint not null,
      written_at_ms bigint not null default (extract(epoch from clock_timestamp()) * 1000)::bigint
    )`,
    'create index changes_by_expiry on changes (expires_at)',
    ...tellEndedBefore('extract(epoch from now())::bigint', 'null::bigint'),
    `create table leases (
      holder text collate "C" primary key,
      kind text not null check (kind in ('node', 'verifier')),
      name text not null,
      revision bigint not null,
      expires_at_ms bigint not null
    )`,
    `create table verifiers (
      verifier_id text collate "C" primary key,
      name text not null,
      state text not null check (state in ('active', 'revoked')),
      secret_hash bytea not null check (length(secret_hash) = 32),
      previous_secret_hash bytea check (length(previous_secret_hash) = 32),
      previous_secret_expires_at bigint,
      created_at bigint not null,
      revision bigint not null default 0
    )`,
    'create index verifiers_by_secret on verifiers (secret_hash)',
    `create index verifiers_by_previous_secret on verifiers (previous_secret_hash)
      where previous_secret_hash is not null`,
    `create table admin_tokens (
      admin_token_id text collate "C" primary key,
      name text not null,
      token_hash bytea not null check (length(token_hash) = 32),
      created_at bigint not null,
      expires_at bigint not null,
      revoked_at bigint
    )`,
    'create unique index admin_tokens_by_hash on admin_tokens (token_hash)',
    `create table idempotency (
      id text collate "C" primary key,
      request_hash bytea not null check (length(request_hash) = 32),
      outcome text not null,
      created_at bigint not null,
      expires_at bigint not null
    )`,
    'create index idempotency_by_expiry on idempotency (expires_at)',
    `alter table audit add column origin text not null default ''`,
    'alter table audit add column before text',
    'alter table audit add column after text',
    'alter table audit add column mac bytea',
    `create table audit_head (
      id bigint primary key check (id = 1),
      last_id bigint not null,
      mac bytea
    )`,
    'insert into audit_head (id, last_id) select 1, coalesce(max(id), 0) from audit',
    `create table audit_checkpoints (
      last_id bigint primary key,
      rows bigint not null,
      at bigint not null,
      chain_mac bytea not null,
      mac bytea not null
    )`,
    `create table usage_hours (
      key_id text collate "C" not null,
      hour bigint not null,
      outcome text not null,
      count bigint not null,
      primary key (key_id, hour, outcome)
    )`,
    'create index usage_hours_by_hour on usage_hours (hour)',
    `create table secret_uses (
      key_id text collate "C" not null,
      secret_number bigint not null,
      address text not null,
      user_agent text not null,
      verifier_id text not null,
      uses bigint not null,
      last_used_at bigint not null,
      primary key (key_id, secret_number, address, user_agent, verifier_id)
    )`,
    'create index secret_uses_by_time on secret_uses (last_used_at)',
    `create table key_uses (
      key_id text collate "C" primary key,
      last_used_at bigint not null
    )`,
    `create table quotas (
      key_id text collate "C" not null,
      window_start bigint not null,
      used bigint not null,
      primary key (key_id, window_start)
    )`,
  ],
}
