import { type ApiKey, DEFAULT_OVERLAP_SECONDS, rotateApiKey } from '../api-key.ts'
import type { Store } from '../store/store.ts'
import type { Acting } from './acting.ts'
import { auditKeyChange } from './audit-key.ts'

/** A rotation that is asked for. */
export interface KeyRotation {
  /** The new one; whoever commits it shows it once. */
  readonly secret: string
  /** 0 to 30 days; 24 hours unless told. */
  readonly overlapSeconds: number | undefined
}

/**
 * Gives a key a new secret; the old one lives on for the overlap.
 *
 * @returns the key as it is now, or `undefined` when there is none of this id.
 * @throws {KeyChangeError} when the key is revoked, or has two living secrets already.
 */
export function rotateKey(
  store: Pick<Store, 'changeApiKey'>,
  keyId: string,
  { secret, overlapSeconds = DEFAULT_OVERLAP_SECONDS }: KeyRotation,
  by: Acting,
): Promise<ApiKey | undefined> {
  return store.changeApiKey(keyId, (key) =>
    auditKeyChange(key, rotateApiKey(key, { secret, overlapSeconds, now: by.now }), 'key.rotate', by, {
      overlap_seconds: overlapSeconds,
    }),
  )
}
