import type { CommandContext } from '../../command-group.ts'
import { dataFolder } from '../../data-folder.ts'
import { openMasterKey } from '../../open-master-key.ts'
import { SCHEMA_VERSION } from '../../store/migrations/migrations.ts'
import type { Store } from '../../store/store.ts'
import { formatTime } from '../../time-format.ts'
import { deriveSealingKey, SCRYPT } from '../../transfer/format.ts'
import { readPassphrase } from '../../transfer/read-passphrase.ts'
import { writeExport } from '../../transfer/write-export.ts'
import { writeNewFile } from '../../transfer/write-file.ts'
import { writeFields } from '../output.ts'
import { withProgress } from '../progress.ts'

/**
 * `export`: every row of a store as it is at one moment; the service may run.
 *
 * @throws {StartupError} when passphrase or master key are absent, unsafe or wrong.
 * @throws {OperatorError} when the file exists or cannot be written.
 */
export async function exportStore(
  { target, passphraseFile }: { readonly target: string; readonly passphraseFile: string },
  store: Store,
  context: CommandContext,
): Promise<void> {
  const { config, runtime } = context
  const { randomBytes } = runtime
  const passphrase = readPassphrase(passphraseFile)
  const master = await openMasterKey(store, config, dataFolder(config.dataDir).masterKey, randomBytes)
  const sealing = { ...SCRYPT, salt: randomBytes(16).toString('base64url') }
  const keys = { from: master.bytes, to: deriveSealingKey(passphrase, sealing) }
  const rows = await withProgress(context, (progress) =>
    writeNewFile(target, randomBytes, (write) =>
      store.exportRows((source) =>
        writeExport(source, {
          schema: SCHEMA_VERSION,
          createdAt: formatTime(runtime.now()),
          ...{ sealing, keys, randomBytes, write },
          onProgress: (table, done, of) => progress.tell(`exported ${table}`, done, of),
        }),
      ),
    ),
  )
  const told = { file: target, schema: SCHEMA_VERSION, keys: rows.api_keys, audit_rows: rows.audit }
  writeFields(context.json ? { ...told, rows } : told, context)
}
