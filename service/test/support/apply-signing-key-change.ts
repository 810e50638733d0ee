import type { SigningKey } from '../../src/signing-key.ts'
import type { SigningKeyChange } from '../../src/signing-keys.ts'

/** The keys after a change, as a store holds them. */
export function applyChange(
  keys: readonly SigningKey[],
  { insert, update, remove = [] }: SigningKeyChange,
): SigningKey[] {
  const changed = new Map(update.map((key) => [key.kid, key]))
  const removed = new Set(remove.map((key) => key.kid))
  return [...keys.map((key) => changed.get(key.kid) ?? key), ...insert].filter((key) => !removed.has(key.kid))
}
