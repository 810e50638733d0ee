import type { SigningKey } from '../signing-key.ts'
import { living, rotateSigningKeys as planRotation, rotationDueAt } from '../signing-keys.ts'
import type { Acting } from './acting.ts'
import { changeSigningKeys, type SigningKeyTools } from './change-signing-keys.ts'

/**
 * Rotates the signing keys: the next one signs, the one that signed retires, a new next one is published (our contract,
 * section 3).
 *
 * @param forced even if the next key is not known to every guard yet.
 * @returns the keys as they are now.
 * @throws {SigningKeyError} `next_not_published`
 * @throws {UnsealError} when the master key is not that of the store.
 */
export function rotateSigningKeys(
  tools: SigningKeyTools,
  { forced }: { readonly forced: boolean },
  by: Acting,
): Promise<readonly SigningKey[]> {
  return changeSigningKeys(tools, (keys, context) => planRotation(keys, context, { forced }), by)
}

/**
 * Rotates the signing keys if it is due. However many nodes see that at the same time, the keys are rotated once.
 *
 * @param rotationSeconds how long a key signs; `null` for as long as nobody rotates.
 * @returns the `kid` that signs from now on, or `null` where it was not due, or another node was faster.
 * @throws {UnsealError} when the master key is not that of the store.
 */
export async function rotateDueSigningKeys(
  tools: SigningKeyTools,
  rotationSeconds: number | null,
  by: Acting,
): Promise<string | null> {
  let kid: string | null = null
  await changeSigningKeys(
    tools,
    (keys, context) => {
      const dueAt = rotationDueAt(keys, rotationSeconds)
      if (dueAt === null || context.now < dueAt) return { insert: [], update: [] }
      kid = living(keys).next.kid
      return planRotation(keys, context, { forced: false })
    },
    by,
  )
  return kid
}
