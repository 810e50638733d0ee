import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { isLoopback } from '@interhuman-auth/protocol'
import { formatAddress } from '../../address.ts'
import type { ApiKey } from '../../api-key.ts'
import type { Config } from '../../config.ts'
import { formatCredentialsFile } from '../../credentials-file.ts'
import { createSecretFile } from '../../data-folder.ts'
import { toKeyView } from '../../key-view.ts'
import { StartupError } from '../../startup-error.ts'
import { writeFields } from '../output.ts'
import type { KeysContext } from './context.ts'

/** Where a new secret goes. */
export interface SecretDelivery {
  /** Write a credentials file, 0600, instead of showing the secret. */
  readonly credentialsFile: string | undefined
  /** The address in that file; the service's own unless told. */
  readonly apiUrl: string | undefined
}

/**
 * Commits a key and delivers its secret, once. A credentials file is on the disk before the key is committed and gone again
 * if that fails, so that no key comes about whose secret nobody holds.
 *
 * @param commit writes the key, or throws and nothing was written.
 * @throws {StartupError} when the file exists or cannot be written, and what `commit` throws.
 */
export async function deliverSecret(
  keyId: string,
  secret: string,
  delivery: SecretDelivery,
  context: KeysContext,
  commit: () => Promise<ApiKey>,
): Promise<void> {
  const file = delivery.credentialsFile === undefined ? undefined : resolve(delivery.credentialsFile)
  if (file !== undefined) {
    const apiUrl = delivery.apiUrl ?? ownAddress(context.config)
    createSecretFile(file, formatCredentialsFile({ keyId, keySecret: secret, apiUrl }))
  }
  let key: ApiKey
  try {
    key = await commit()
  } catch (error) {
    if (file !== undefined) rmSync(file, { force: true })
    throw error
  }
  try {
    report(key, file === undefined ? { key_secret: secret } : { credentials_file: file }, context)
  } catch {
    throw new StartupError(
      `${keyId} is made, but standard output could not be written; revoke it or rotate it`,
    )
  }
}

/** A key goes only to the address beside it, so that one which nobody may send it to is not written there. */
function ownAddress(config: Config): string {
  const address = formatAddress(config)
  if (config.port === 0 || !isLoopback(new URL(address).hostname))
    throw new StartupError('where clients reach the service is not known here; name it with --api-url')
  return address
}

function report(key: ApiKey, delivered: Record<string, string>, context: KeysContext): void {
  const { key_id, ...rest } = toKeyView(key, context.runtime.now())
  const fields = { key_id, ...delivered, ...rest }
  writeFields(fields, context)
  const where = delivered.credentials_file
  context.runtime.writeMessage(
    where === undefined
      ? 'this is the only time that the secret is shown; keep it where others cannot read it'
      : `the secret is in ${where} and nowhere else`,
  )
}
