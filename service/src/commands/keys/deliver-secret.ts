import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { formatAddress } from '../../address.ts'
import type { ApiKey } from '../../api-key.ts'
import { formatCredentialsFile } from '../../credentials-file.ts'
import { createSecretFile } from '../../data-folder.ts'
import { type KeysContext, writeJson } from './context.ts'
import { formatFields, toKeyView } from './view.ts'

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
  const apiUrl = delivery.apiUrl ?? formatAddress(context.config)
  if (file !== undefined) createSecretFile(file, formatCredentialsFile({ keyId, keySecret: secret, apiUrl }))
  let key: ApiKey
  try {
    key = await commit()
  } catch (error) {
    if (file !== undefined) rmSync(file, { force: true })
    throw error
  }
  report(key, file === undefined ? { key_secret: secret } : { credentials_file: file }, context)
}

function report(key: ApiKey, delivered: Record<string, string>, context: KeysContext): void {
  const { key_id, ...rest } = toKeyView(key, context.runtime.now())
  const fields = { key_id, ...delivered, ...rest }
  if (context.json) writeJson(fields, context)
  else context.runtime.writeOutput(formatFields(fields))
  const where = delivered.credentials_file
  context.runtime.writeMessage(
    where === undefined
      ? 'this is the only time that the secret is shown; keep it where others cannot read it'
      : `the secret is in ${where} and nowhere else`,
  )
}
