import { expect } from 'vitest'
import { createVerifier, type RefusalReason, type VerifierOptions, type Verify } from '../../src/verify.ts'
import { es256, ISSUER, NOW, sourceOf } from './signing.ts'

/** The key of every fixture that names no other. */
export const key = es256()
/** Seconds that the fixtures' verifier forgives. */
export const SKEW = 10

/** A verifier of the fixtures' issuer that takes client tokens too, its clock standing at the moment when they are issued. */
export function verifier(changes: Partial<VerifierOptions> = {}): Verify {
  const options = { issuer: ISSUER, keys: sourceOf(key), clockSkewSeconds: SKEW, now: () => NOW * 1000 }
  return createVerifier({ ...options, acceptClientTokens: true, ...changes })
}

export async function expectRefused(
  token: string,
  reason: RefusalReason,
  verify = verifier(),
): Promise<void> {
  expect(await verify(token)).toEqual({ refusal: { error: 'invalidCredentials', reason } })
}
