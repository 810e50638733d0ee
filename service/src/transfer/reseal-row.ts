import type { RandomBytes } from '../base62.ts'
import { resealSetting, SEALED_SETTING_PREFIX } from '../sealed-secrets.ts'
import { resealSigningKey } from '../signing-key.ts'
import { fromSigningKey, toSigningKey } from '../store/rows.ts'
import type { SigningKeyTable } from '../store/tables.ts'
import type { TransferRow, TransferredTable } from '../store/transfer.ts'

/**
 * Seals what a row holds sealed under another key; every other row is given back as it is.
 *
 * @throws {UnsealError} when `from` does not open it.
 */
export function resealRow(
  table: TransferredTable,
  row: TransferRow,
  keys: { readonly from: Buffer; readonly to: Buffer },
  randomBytes: RandomBytes,
): TransferRow {
  if (table === 'signing_keys') {
    const key = resealSigningKey(toSigningKey(row as unknown as SigningKeyTable), keys, randomBytes)
    return { ...row, sealed_private_key: fromSigningKey(key).sealed_private_key }
  }
  const name = String(row.name)
  if (table !== 'settings' || !name.startsWith(SEALED_SETTING_PREFIX)) return row
  return { ...row, ...resealSetting({ name, value: String(row.value) }, keys, randomBytes) }
}
