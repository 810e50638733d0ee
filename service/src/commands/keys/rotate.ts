import { DEFAULT_OVERLAP_SECONDS, rotateApiKey } from '../../api-key.ts'
import { newKeySecret } from '../../key-format.ts'
import { audit, type KeysContext, noSuchKey } from './context.ts'
import { deliverSecret, type SecretDelivery } from './deliver-secret.ts'

/** What `keys rotate` is told. */
export interface RotateOptions extends SecretDelivery {
  readonly overlapSeconds: number | undefined
}

/**
 * `keys rotate`: a new secret; the old one lives on for the overlap.
 *
 * @throws {KeyChangeError | StartupError}
 */
export async function rotateKey(keyId: string, options: RotateOptions, context: KeysContext): Promise<void> {
  const { runtime, store } = context
  if ((await store.findApiKey(keyId)) === undefined) throw noSuchKey(keyId)
  const secret = newKeySecret(runtime.randomBytes)
  const overlapSeconds = options.overlapSeconds ?? DEFAULT_OVERLAP_SECONDS
  await deliverSecret(keyId, secret, options, context, async () => {
    const key = await store.changeApiKey(keyId, (current) => ({
      key: rotateApiKey(current, { secret, overlapSeconds, now: runtime.now() }),
      audit: audit(context, 'key.rotate', keyId, { overlap_seconds: overlapSeconds }),
    }))
    if (key === undefined) throw noSuchKey(keyId)
    return key
  })
}
