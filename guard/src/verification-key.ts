import {
  createHmac,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import type { Algorithm, PublicJwk } from '@interhuman-auth/protocol'

/** A key and the one algorithm that it is for: the key decides, never the token (RFC 8725 section 3.1). */
export interface VerificationKey {
  readonly algorithm: Algorithm
  /** Says whether the signature is this key's over `signed`, in ASCII. Takes any bytes, throws nothing. */
  readonly matches: (signed: string, signature: Uint8Array) => boolean
}

/** Fewest bytes of a shared key (RFC 7518 section 3.2). */
export const MIN_SHARED_KEY_BYTES = 32

const SIGNATURE_BYTES = 64

/**
 * Makes a verification key of a public key of the key set: ES256 as the 64 raw bytes of RFC 7518 section 3.4 (never
 * DER), EdDSA as RFC 8037 section 3.1.
 *
 * @throws {Error} when the numbers are no public key.
 */
export function publicVerificationKey(jwk: PublicJwk): VerificationKey {
  const key = createPublicKey({ key: { ...jwk } satisfies JsonWebKey, format: 'jwk' })
  const digest = jwk.alg === 'ES256' ? 'sha256' : null
  return {
    algorithm: jwk.alg,
    matches: (signed, signature) =>
      signature.length === SIGNATURE_BYTES &&
      verify(digest, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature),
  }
}

/**
 * Makes an HS256 verification key. Whoever holds it can issue tokens as well (our contract, section 3).
 *
 * @throws {TypeError} when it is shorter than {@link MIN_SHARED_KEY_BYTES}.
 */
export function sharedVerificationKey(secret: Uint8Array): VerificationKey {
  if (secret.length < MIN_SHARED_KEY_BYTES)
    throw new TypeError(`a shared key needs at least ${MIN_SHARED_KEY_BYTES} bytes`)
  const key = createSecretKey(secret)
  return {
    algorithm: 'HS256',
    matches(signed, signature) {
      const expected = createHmac('sha256', key).update(signed).digest()
      return signature.length === expected.length && timingSafeEqual(signature, expected)
    },
  }
}
