import type { SigningKey } from '../signing-key.ts'
import { loseSigningKey as planLoss } from '../signing-keys.ts'
import type { Acting } from './acting.ts'
import { changeSigningKeys, type SigningKeyTools } from './change-signing-keys.ts'

/**
 * Declares a signing key lost: it leaves the key set and its tokens are dead, on every node and at every guard that hears the
 * feed. Where it was the active one, the next one signs at once.
 *
 * @returns the keys as they are now.
 * @throws {SigningKeyError} `unknown`
 * @throws {UnsealError} when the master key is not that of the store.
 */
export function loseSigningKey(
  tools: SigningKeyTools,
  kid: string,
  by: Acting,
): Promise<readonly SigningKey[]> {
  return changeSigningKeys(tools, (keys, context) => planLoss(keys, kid, context), by)
}
