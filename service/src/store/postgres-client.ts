import { readFileSync } from 'node:fs'
import { type ClientBase, type ClientConfig, types } from 'pg'
import { StartupError } from '../startup-error.ts'
import { type PostgresAddress, type PostgresHost, tlsModeOf } from './postgres-address.ts'

/** How much of PostgreSQL is used, and how long it is waited for. */
export interface PostgresLimits {
  readonly poolSize: number
  readonly connectTimeoutMs: number
  readonly queryTimeoutMs: number
  readonly idleTimeoutMs: number
}

/** The server's own time-out comes first, so that a slow query leaves its connection usable; one that comes late hangs. */
const HUNG_AFTER_MS = 500

/** A transaction that nobody goes on with lets go of its locks after this time, in milliseconds. */
const IDLE_IN_TRANSACTION_MS = 10_000

const KEEP_ALIVE_MS = 5000

/** How a client reaches each host of an address. */
export type ClientConfigOf = (host: PostgresHost) => ClientConfig

/**
 * Reads the files that TLS needs. Nothing is left to libpq's environment variables or its password file.
 *
 * @throws {StartupError} when a file cannot be read.
 */
export function readClientConfig(address: PostgresAddress, limits: PostgresLimits): ClientConfigOf {
  const files = {
    ca: readPem(address.rootCertificateFile, 'sslrootcert'),
    cert: readPem(address.certificateFile, 'sslcert'),
    key: readPem(address.keyFile, 'sslkey'),
  }
  return (host) => ({
    ...host,
    user: address.user,
    // As a function it is in nothing that shows an object.
    password: () => address.password,
    database: address.database,
    application_name: address.applicationName,
    ssl: tlsOptions(tlsModeOf(address, host), files),
    sslnegotiation: 'postgres',
    connectionTimeoutMillis: limits.connectTimeoutMs,
    query_timeout: limits.queryTimeoutMs + HUNG_AFTER_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    types: { getTypeParser },
  })
}

interface TlsFiles {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

/** As libpq does: `require` asks for no certificate that can be checked, unless there is one to check it with. */
function tlsOptions(mode: ReturnType<typeof tlsModeOf>, files: TlsFiles): ClientConfig['ssl'] {
  if (mode === 'disable') return false
  if (mode === 'verify-full') return { ...files, rejectUnauthorized: true }
  const rejectUnauthorized = mode === 'verify-ca' || files.ca !== undefined
  return { ...files, rejectUnauthorized, checkServerIdentity: () => undefined }
}

function readPem(file: string | null, parameter: string): string | undefined {
  if (file === null) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new StartupError(`the file of the database URL's ${parameter} cannot be read (${code})`)
  }
}

const INT8 = 20
const NUMERIC = 1700

/** Whole numbers are numbers here: no column of ours holds one that a double does not. */
function getTypeParser(id: number, format?: 'text' | 'binary') {
  return id === INT8 || id === NUMERIC ? Number : types.getTypeParser(id, format as 'text')
}

/** What a connection that was just made is like. */
export interface SessionState {
  readonly writable: boolean
  /** Whether a pooler stands between: it gives the number of a server's process that is not the one that answers. */
  readonly pooled: boolean
}

/**
 * Prepares a connection: bounds, and that a commit is on the disk before it is acknowledged. It is one query, and no
 * parameter of the connection, since poolers refuse those.
 */
export async function prepareSession(client: ClientBase, limits: PostgresLimits): Promise<SessionState> {
  const { rows } = await client.query(`select
    set_config('statement_timeout', '${limits.queryTimeoutMs}', false),
    set_config('idle_in_transaction_session_timeout', '${IDLE_IN_TRANSACTION_MS}', false),
    case current_setting('synchronous_commit') when 'off' then set_config('synchronous_commit', 'on', false) end,
    current_setting('transaction_read_only') as read_only,
    pg_backend_pid() as pid`)
  const { read_only, pid } = rows[0] as { read_only: string; pid: number }
  const { processID } = client as { processID?: number }
  return { writable: read_only === 'off', pooled: processID !== pid }
}

/**
 * The timeline of a server: another one after each failover and each restore to a moment, as part of the history may be
 * gone then. 0 where a server does not tell, as some that are run for others.
 *
 * @see The PostgreSQL documentation, "Timelines"
 */
export async function readTimeline(client: ClientBase): Promise<number> {
  try {
    const { rows } = await client.query('select pg_walfile_name(pg_current_wal_lsn()) as file')
    return Number.parseInt(String(rows[0]?.file).slice(0, 8), 16)
  } catch {
    return 0
  }
}
