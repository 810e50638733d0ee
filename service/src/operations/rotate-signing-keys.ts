import type { SigningKey } from '../signing-key.ts'
import { rotateSigningKeys, rotationDueAt } from '../signing-keys.ts'
import { changeSigningKeys, type SigningKeysContext } from './change-signing-keys.ts'

/**
 * Rotates the signing keys: the next one signs, the one that signed retires, a new next one is published (our contract,
 * section 3).
 *
 * @param forced even if the next key is not known to every guard yet.
 * @throws {SigningKeyError} `next_not_published`
 * @throws {UnsealError} when the master key is not that of the store.
 */
export function rotateSigningKeysNow(
  options: { readonly forced: boolean },
  context: SigningKeysContext,
): Promise<readonly SigningKey[]> {
  return changeSigningKeys((keys, rotation) => rotateSigningKeys(keys, rotation, options), context)
}

/**
 * Rotates the signing keys if it is due. However many nodes see that at the same time, the keys are rotated once.
 *
 * @param rotationSeconds how long a key signs; `null` for as long as nobody rotates.
 * @throws {UnsealError} when the master key is not that of the store.
 */
export function rotateDueSigningKeys(
  rotationSeconds: number | null,
  context: SigningKeysContext,
): Promise<readonly SigningKey[]> {
  return changeSigningKeys((keys, rotation) => {
    const dueAt = rotationDueAt(keys, rotationSeconds)
    return dueAt === null || rotation.now < dueAt
      ? { insert: [], update: [] }
      : rotateSigningKeys(keys, rotation, { forced: false })
  }, context)
}
