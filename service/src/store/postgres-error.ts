import { DatabaseError } from 'pg'
import { StoreUnavailableError } from './store-error.ts'

/** What pg says without a code of its own. */
const CODES: readonly (readonly [RegExp, string])[] = [
  [/does not support SSL/, 'NO_TLS'],
  [/^Query read timeout/, 'QUERY_TIMEOUT'],
  [/^timeout exceeded when trying to connect/, 'POOL_BUSY'],
  [/connection timeout|timeout expired/, 'CONNECT_TIMEOUT'],
  [/^Connection terminated|not queryable|Client was closed/, 'CONNECTION_LOST'],
]

/** What operators can do something about. */
const MEANINGS: Readonly<Record<string, string>> = {
  '25006': 'it can only be read',
  '28000': 'it refuses this user',
  '28P01': 'it refuses this user and password',
  '3D000': 'there is no such database',
  '42501': 'the user lacks a privilege',
  '53100': 'its disk is full',
  '53300': 'it has no connection left',
  '57P03': 'it is starting',
  NO_TLS: 'it does not speak TLS; use sslmode=disable only on a network that you trust',
  POOL_BUSY: 'no connection became free in time',
}

/** A connection, or the server behind it, that is of no use any more. */
const LOST = /^(?:08...|25006|57P0[1-5])$/

/**
 * The code of a failure: PostgreSQL's SQLSTATE, or the system's or our name for a connection that failed. Messages are
 * left out, since they may hold values, names and addresses.
 */
export function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN'
  const own = CODES.find(([pattern]) => pattern.test(error.message))?.[1]
  if (own !== undefined) return own
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return /^[\w-]+$/.test(code) ? code : 'UNKNOWN'
}

const OUTCOMES = {
  nothing: 'nothing was changed',
  unknown: 'whether the change was made is not known',
} as const

/** PostgreSQL did not do what it was asked. */
export class PostgresError extends StoreUnavailableError {
  /** As {@link failureCode} gives them; several where several hosts were asked. */
  readonly codes: readonly string[]

  constructor(codes: readonly string[], changed: keyof typeof OUTCOMES = 'nothing') {
    const known = codes.map((code) => (code in MEANINGS ? `${code}: ${MEANINGS[code]}` : code))
    super(`PostgreSQL does not answer (${known.join(', ')}); ${OUTCOMES[changed]}`)
    this.codes = codes
  }
}

/** Names a failure of pg; one that has its name keeps it. */
export function toPostgresError(error: unknown, changed?: keyof typeof OUTCOMES): PostgresError {
  return error instanceof PostgresError ? error : new PostgresError([failureCode(error)], changed)
}

/** Whether the connection must not be used again, nor others to the same server before it was asked again. */
export function isLost(error: unknown): boolean {
  return !(error instanceof DatabaseError) || LOST.test(error.code ?? '')
}
