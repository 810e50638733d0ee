/**
 * The scopes that the specification names, in its order.
 *
 * @see Our contract, section 1
 */
export const UPLOAD_SCOPE = 'interhumanai.upload'
/** The scope of the stream endpoints. */
export const STREAM_SCOPE = 'interhumanai.stream'

/** Every scope that a fresh installation knows. */
export const SCOPES = [UPLOAD_SCOPE, STREAM_SCOPE] as const

/** One scope of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number]

/** Says whether a value is a scope that this contract knows; look-alikes, spaces and other cases are not. */
export function isScope(value: unknown): value is Scope {
  return (SCOPES as readonly unknown[]).includes(value)
}

/** Writes a scope list as the `scope` string of a response: space-separated, in the order asked (RFC 6749 section 3.3). */
export function formatScope(scopes: readonly string[]): string {
  return scopes.join(' ')
}

/** Reads a space-separated `scope` string; an empty one gives an empty list (RFC 6749 section 3.3). */
export function parseScope(scope: string): string[] {
  return scope.split(' ').filter((part) => part !== '')
}

/** Drops repeats and keeps the order of first appearance: a repeated scope counts once (our contract, section 1). */
export function uniqueScopes<S extends string>(scopes: readonly S[]): S[] {
  return [...new Set(scopes)]
}
