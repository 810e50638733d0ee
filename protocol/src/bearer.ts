/** What a header says of a credential. `malformed` is one that cannot be a bearer token. */
export type BearerReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'token'; readonly token: string }

/** What a WebSocket handshake says of a credential, and the subprotocol that the answer selects. */
export type SubprotocolReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'token'; readonly token: string; readonly subprotocol: string }

/** The subprotocol that a browser sends before its credential, and the only one that is ever selected for the pair. */
export const BEARER_SUBPROTOCOL = 'access_token'

/** What a bearer token is made of, and can stand in an `Authorization` header (RFC 6750 section 2.1). */
export const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/
const scheme = /^bearer(?: +|$)/i

/**
 * Reads the credential of an `Authorization` header. Another scheme counts as no bearer credential.
 *
 * @see RFC 6750 section 2.1
 */
export function readBearer(authorization: string | null | undefined): BearerReading {
  if (authorization === null || authorization === undefined) return { kind: 'absent' }
  const match = scheme.exec(authorization)
  if (match === null) return { kind: 'absent' }
  const token = authorization.slice(match[0].length)
  return B64TOKEN.test(token) ? { kind: 'token', token } : { kind: 'malformed' }
}

/**
 * Reads the credential of a `Sec-WebSocket-Protocol` header: the pair `access_token, <credential>`, or the credential
 * alone (the dialect of April to June 2026, selected as sent since a browser closes otherwise).
 *
 * @see Our contract, section 4
 */
export function readSubprotocolBearer(header: string | null | undefined): SubprotocolReading {
  if (header === null || header === undefined) return { kind: 'absent' }
  const [first, second, ...rest] = header.split(',').map((part) => part.trim())
  if (first === undefined || first === '' || rest.length > 0) return { kind: 'malformed' }
  if (second === undefined)
    return first !== BEARER_SUBPROTOCOL && B64TOKEN.test(first)
      ? { kind: 'token', token: first, subprotocol: first }
      : { kind: 'malformed' }
  if (first !== BEARER_SUBPROTOCOL || !B64TOKEN.test(second)) return { kind: 'malformed' }
  return { kind: 'token', token: second, subprotocol: BEARER_SUBPROTOCOL }
}

/** Why a protected resource refuses, in the words of RFC 6750 section 3.1; no word when no credential came. */
export type ChallengeError = 'invalid_request' | 'invalid_token' | 'insufficient_scope'

/** Writes a `WWW-Authenticate` value; without arguments the bare `Bearer` of a request that had no credential. */
export function formatChallenge(error?: ChallengeError, scope?: string): string {
  if (error === undefined) return 'Bearer'
  const parameters = [`error="${error}"`]
  if (scope !== undefined) parameters.push(`scope="${scope}"`)
  return `Bearer ${parameters.join(', ')}`
}
