/** What every public key of the key set says of itself (RFC 7517 section 4). */
interface PublicKeyHeader {
  readonly kid: string
  readonly use: 'sig'
}

/** A public ES256 key (RFC 7518 section 6.2). */
export interface PublicEcKey extends PublicKeyHeader {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly alg: 'ES256'
  readonly x: string
  readonly y: string
}

/** A public EdDSA key (RFC 8037 section 2). */
export interface PublicOkpKey extends PublicKeyHeader {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly alg: 'EdDSA'
  readonly x: string
}

/** A key of the key set: public members only, so that a private one cannot be published by accident. */
export type PublicJwk = PublicEcKey | PublicOkpKey

/** The body of the key set (RFC 7517 section 5). */
export interface KeySet {
  readonly keys: readonly PublicJwk[]
}

/**
 * Reads a key set and keeps what this contract knows: a key of another type, use or algorithm is skipped
 * (RFC 7517 section 5), and members beyond the public ones are dropped.
 *
 * @throws {TypeError} when the value is not an object with a `keys` list.
 */
export function parseKeySet(value: unknown): KeySet {
  const keys = isRecord(value) ? value.keys : undefined
  if (!Array.isArray(keys)) throw new TypeError('not a key set: no list of keys')
  return { keys: keys.flatMap((key) => parsePublicJwk(key) ?? []) }
}

function parsePublicJwk(value: unknown): PublicJwk | undefined {
  if (!isRecord(value)) return undefined
  const { kid, kty, crv, alg, use, x, y } = value
  if (typeof kid !== 'string' || use !== 'sig' || typeof x !== 'string') return undefined
  if (kty === 'EC' && crv === 'P-256' && alg === 'ES256' && typeof y === 'string')
    return { kty, crv, alg, use, kid, x, y }
  if (kty === 'OKP' && crv === 'Ed25519' && alg === 'EdDSA') return { kty, crv, alg, use, kid, x }
  return undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
