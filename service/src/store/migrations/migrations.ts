import { initial } from './0001-initial.ts'
import { clientTokens } from './0002-client-tokens.ts'

/**
 * Every migration of SQLite, in order; its position, counted from 1, is the version of the schema after it. Forward
 * only: one that has been published is never changed, and none is ever taken away.
 */
export const SQLITE_MIGRATIONS: readonly (readonly string[])[] = [initial, clientTokens]

/** The version of the schema that this program writes and reads. */
export const SCHEMA_VERSION = SQLITE_MIGRATIONS.length
