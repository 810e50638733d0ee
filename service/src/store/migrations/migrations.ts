import { initial } from './0001-initial.ts'
import { clientTokens } from './0002-client-tokens.ts'
import { manyNodes } from './0003-many-nodes.ts'
import type { Migration } from './migration.ts'

/**
 * Every migration, in order; its position, counted from 1, is the version of the schema after it. Forward only: one that
 * has been published is never changed, and none is ever taken away.
 */
export const MIGRATIONS: readonly Migration[] = [initial, clientTokens, manyNodes]

/** The version of the schema that this program writes and reads. */
export const SCHEMA_VERSION = MIGRATIONS.length
