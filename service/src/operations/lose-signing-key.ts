import type { SigningKey } from '../signing-key.ts'
import { loseSigningKey } from '../signing-keys.ts'
import { changeSigningKeys, type SigningKeysContext } from './change-signing-keys.ts'

/**
 * Declares a signing key lost: it leaves the key set and its tokens are dead, on every node and at every guard that hears the
 * feed. Where it was the active one, the next one signs at once.
 *
 * @throws {SigningKeyError} `unknown`
 * @throws {UnsealError} when the master key is not that of the store.
 */
export function declareSigningKeyLost(
  kid: string,
  context: SigningKeysContext,
): Promise<readonly SigningKey[]> {
  return changeSigningKeys((keys, rotation) => loseSigningKey(keys, kid, rotation), context)
}
