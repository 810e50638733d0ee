import type { SigningKey } from '../signing-key.ts'
import { loseSigningKey as planLoss } from '../signing-keys.ts'
import type { Store } from '../store/store.ts'
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

/**
 * The revision of the change that says that a key is lost: what every node and every verifier acknowledges. The later one
 * of the same loss, by which nodes read the keys anew, no verifier hears of.
 *
 * @returns 0 where it was lost so long ago that nobody has to hear of it any more.
 */
export async function findLossRevision(store: Pick<Store, 'readChanges'>, kid: string): Promise<number> {
  const { changes } = await store.readChanges(null)
  return changes.findLast(({ kind, subject }) => kind === 'signing-key' && subject === kid)?.revision ?? 0
}
