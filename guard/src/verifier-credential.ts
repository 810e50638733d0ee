import { VERIFIER_PREFIX } from '@interhuman-auth/protocol'

const pattern = new RegExp(`^${VERIFIER_PREFIX}[0-9A-Za-z]{49}$`)

/**
 * Checks the form of a verifier's credential (our contract, section 6).
 *
 * @throws {TypeError} that does not repeat it.
 */
export function parseVerifierCredential(verifier: string): string {
  if (typeof verifier !== 'string' || !pattern.test(verifier))
    throw new TypeError(
      `the verifier is ${VERIFIER_PREFIX} and 49 letters or digits, as the operator made it`,
    )
  return verifier
}
