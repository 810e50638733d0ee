import { Client } from 'pg'
import type { Migration } from '../../src/store/migrations/migration.ts'
import { openPostgresStore } from '../../src/store/postgres.ts'
import { parsePostgresAddress } from '../../src/store/postgres-address.ts'
import type { PostgresLimits } from '../../src/store/postgres-client.ts'
import type { Store } from '../../src/store/store.ts'

export const LIMITS: PostgresLimits = {
  poolSize: 5,
  connectTimeoutMs: 5000,
  queryTimeoutMs: 20_000,
  idleTimeoutMs: 30_000,
}

/** Opens the database of an address as a store, as the suite's other processes do too. */
export function openPostgres(
  url: string,
  options: { readonly limits?: Partial<PostgresLimits>; readonly migrations?: readonly Migration[] } = {},
): Promise<Store> {
  const { limits, ...rest } = options
  return openPostgresStore({ address: parsePostgresAddress(url), limits: { ...LIMITS, ...limits }, ...rest })
}

/** Runs a statement on a connection of its own. */
export async function run(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

/** Empties each table but the heads, which count from 0 again. */
const EMPTY = `do $$
  declare each record;
  begin
    for each in select tablename from pg_tables where schemaname = current_schema()
      and tablename not in ('schema_state', 'change_head', 'audit_head')
    loop
      execute format('delete from %I', each.tablename);
    end loop;
    if to_regclass('schema_state') is not null then
      update change_head set revision = 0;
      update audit_head set last_id = 0, mac = null;
    end if;
  end
$$`

/** Makes a store's database as it was when it was new; one that holds no store yet stays as it is. */
export async function emptyPostgres(url: string): Promise<void> {
  await run(url, EMPTY)
}
