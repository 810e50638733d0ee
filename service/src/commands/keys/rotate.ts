import { newKeySecret } from '../../key-format.ts'
import { rotateKey } from '../../operations/rotate-key.ts'
import { actingByDatabaseTime } from '../acting.ts'
import { type KeysContext, noSuchKey } from './context.ts'
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
export async function rotateKeyByCommand(
  keyId: string,
  options: RotateOptions,
  context: KeysContext,
): Promise<void> {
  const { runtime, store } = context
  if ((await store.findApiKey(keyId)) === undefined) throw noSuchKey(keyId)
  const secret = newKeySecret(runtime.randomBytes)
  await deliverSecret(keyId, secret, options, context, async () => {
    const by = await actingByDatabaseTime(store, context)
    const key = await rotateKey(store, keyId, { ...options, secret }, by)
    if (key === undefined) throw noSuchKey(keyId)
    return key
  })
}
