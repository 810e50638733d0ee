import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import type { Algorithm, PublicJwk } from '@interhuman-auth/protocol'
import { toDerSignature } from './der-signature.ts'

/** A key and the one algorithm that it is for: the key decides, never the token (RFC 8725 section 3.1). */
export interface VerificationKey {
  readonly algorithm: Algorithm
  /** Says whether the signature is this key's over `signed`, in ASCII. Takes any bytes, throws nothing. */
  readonly matches: (signed: string, signature: Uint8Array) => boolean
}

const SIGNATURE_BYTES = 64

/** Makes a verification key of a public key: ES256 as raw bytes (RFC 7518 section 3.4), EdDSA as RFC 8037 section 3.1. */
export function publicVerificationKey(jwk: PublicJwk): VerificationKey {
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
  const digest = jwk.alg === 'ES256' ? 'sha256' : null
  return {
    algorithm: jwk.alg,
    matches: (signed, signature) =>
      signature.length === SIGNATURE_BYTES &&
      verify(
        digest,
        Buffer.from(signed),
        key,
        jwk.alg === 'ES256' ? toDerSignature(Buffer.from(signature)) : signature,
      ),
  }
}

/** Makes a verification key of an HS256 secret. */
export function sharedVerificationKey(secret: KeyObject): VerificationKey {
  return {
    algorithm: 'HS256',
    matches(signed, signature) {
      const expected = createHmac('sha256', secret).update(signed).digest()
      return signature.length === expected.length && timingSafeEqual(signature, expected)
    },
  }
}
