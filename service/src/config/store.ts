import { parsePostgresAddress } from '../store/postgres-address.ts'
import { secret, setting } from './setting.ts'
import { integer, parsePath } from './values.ts'

/** Where keys are kept. */
export const STORE_SETTINGS = [
  setting('dataDir', parsePath('data'), parsePath, {
    placeholder: 'FOLDER',
    description:
      'Folder of the database, the master key and the first key; made with mode 0700. With PostgreSQL it holds the master key at most.',
    defaultText: '`data` in the current folder',
  }),
  secret('databaseUrl', parsePostgresAddress, {
    placeholder: 'postgres://USER:PASSWORD@HOST:PORT/DATABASE',
    description:
      'PostgreSQL as the store: several hosts with commas between are tried in order; `sslmode`, `sslrootcert`, `sslcert` and `sslkey` as in libpq, where hosts other than this machine are `verify-full` unless told.',
    defaultText: 'SQLite in the data folder',
  }),
  setting('databasePoolSize', 10, integer(2, 1000), {
    placeholder: 'COUNT',
    description: 'Most connections of a process to PostgreSQL, besides the one that hears of changes.',
  }),
  setting('databaseConnectTimeoutMs', 2000, integer(100, 60_000), {
    placeholder: 'MS',
    description:
      'Longest wait for a connection to one host of PostgreSQL, and for a free one of the pool, in milliseconds.',
  }),
  setting('databaseQueryTimeoutMs', 4000, integer(100, 4400), {
    placeholder: 'MS',
    description:
      'Longest query of PostgreSQL, in milliseconds; a server that takes half a second more hangs.',
  }),
  setting('databaseIdleTimeoutMs', 30_000, integer(1000, 3_600_000), {
    placeholder: 'MS',
    description: 'How long an idle connection to PostgreSQL is kept, in milliseconds.',
  }),
  setting('auditRetentionDays', 0, integer(0, 36_500), {
    placeholder: 'DAYS',
    description:
      'How long rows of the audit are kept; 0 for ever. What is removed leaves a signed checkpoint.',
  }),
  setting('usageRetentionDays', 90, integer(0, 36_500), {
    placeholder: 'DAYS',
    description:
      'How long the counts of each hour, and who used which secret, are kept, the latter 26 hours at least; 0 for ever. When a key was used last is kept always.',
  }),
  setting('keyCacheSize', 20_000, integer(1, 10_000_000), {
    placeholder: 'COUNT',
    description:
      'Most keys that a process remembers with PostgreSQL, about 1 KB each. With SQLite the file is asked each time.',
  }),
] as const
