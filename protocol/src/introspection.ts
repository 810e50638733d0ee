/** The `token_type` of an API key in direct use; a token has that of the exchange (our contract, section 6). */
export const API_KEY_TOKEN_TYPE = 'api_key'

/** What introspection says of a credential that is good, as it stands on the wire; a token's other claims stand beside it. */
export interface ActiveIntrospectionResponse {
  readonly active: true
  readonly token_type: string
  /** Space-separated. */
  readonly scope: string
  /** The key id. */
  readonly client_id: string
  /** The key id. */
  readonly sub: string
  /** The key's generation. */
  readonly gen: number
  readonly iss: string
  readonly aud: string
  /** Epoch seconds; absent for a key that does not end by itself. */
  readonly exp?: number
}

/** The 200 of introspection (RFC 7662 section 2.2): of what is not good, nothing else is said. */
export type IntrospectionResponse = ActiveIntrospectionResponse | { readonly active: false }

/**
 * Reads the 200 of introspection. `undefined` for what is not of this contract: that is no answer, neither yes nor no.
 *
 * @see RFC 7662 section 2.2; our contract, section 6
 */
export function parseIntrospectionResponse(body: unknown): IntrospectionResponse | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const record = body as Record<string, unknown>
  const { active, token_type, scope, client_id, sub, gen, iss, aud, exp } = record
  if (active === false) return { active }
  if (active !== true) return undefined
  if (!isText(token_type) || !isText(client_id) || !isText(sub) || !isText(iss) || !isText(aud))
    return undefined
  if (typeof scope !== 'string' || sub !== client_id || !isCount(gen)) return undefined
  const good = { active, token_type, scope, client_id, sub, gen, iss, aud }
  if (exp === undefined) return good
  return isCount(exp) ? { ...good, exp } : undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
