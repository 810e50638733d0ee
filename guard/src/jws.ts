import { type Algorithm, isAlgorithm, MAX_TOKEN_LENGTH } from '@interhuman-auth/protocol'
import { decodeBase64url } from './base64url.ts'

/** A token taken apart; nothing in it is to be believed before the signature was checked. */
export interface ParsedJws {
  readonly type: unknown
  readonly algorithm: Algorithm
  readonly kid: string
  /** What the signature covers: the first two parts as they came. */
  readonly signed: string
  readonly payload: Buffer
  readonly signature: Buffer
}

/** Why a string is no token that could be checked. */
export type JwsProblem = 'too_long' | 'malformed' | 'critical_header' | 'algorithm'

/**
 * Takes a compact JWS apart. Five parts (encrypted), a header that wants something understood (`crit`, `b64`) and an
 * algorithm outside the list end here, before any key is looked up. `jku`, `x5u`, `jwk` and `x5c` are never read.
 *
 * @see RFC 7515 sections 3.1, 4.1.11, 7.1; RFC 8725 section 3.1
 */
export function parseJws(token: string): { readonly jws: ParsedJws } | { readonly problem: JwsProblem } {
  if (token.length > MAX_TOKEN_LENGTH) return { problem: 'too_long' }
  const parts = token.split('.')
  if (parts.length !== 3) return { problem: 'malformed' }
  const [headerBytes, payload, signature] = parts.map(decodeBase64url)
  if (headerBytes === undefined || payload === undefined || signature === undefined)
    return { problem: 'malformed' }
  const header = parseJsonObject(headerBytes)
  if (header === undefined) return { problem: 'malformed' }
  if ('crit' in header || 'b64' in header) return { problem: 'critical_header' }
  const { alg, kid, typ } = header
  if (!isAlgorithm(alg)) return { problem: 'algorithm' }
  if (typeof kid !== 'string') return { problem: 'malformed' }
  const signed = token.slice(0, token.lastIndexOf('.'))
  return { jws: { type: typ, algorithm: alg, kid, signed, payload, signature } }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads bytes as a JSON object in UTF-8; anything else gives `undefined`. */
export function parseJsonObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
