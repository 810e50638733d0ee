import { isScope, SCOPES, type Scope, uniqueScopes } from '@interhuman-auth/protocol'
import { UsageError } from '../../usage-error.ts'

/** What `--scope` takes, for people. */
export const SOME_SCOPES = `one or more of ${SCOPES.join(', ')}`

/**
 * Reads `--scope`, given once or more.
 *
 * @throws {UsageError} for a scope that nobody knows.
 */
export function readScopes(scopes: readonly string[]): Scope[] {
  if (!scopes.every(isScope)) throw new UsageError(`--scope takes ${SCOPES.join(' or ')}`)
  return uniqueScopes(scopes)
}
