import { basename } from 'node:path'
import type { CommandContext } from '../../command-group.ts'
import { dataFolder } from '../../data-folder.ts'
import { UnsealError } from '../../master-key.ts'
import { openMasterKeyForImport } from '../../open-master-key.ts'
import { toAuditEntry } from '../../operations/acting.ts'
import { OperatorError } from '../../operator-error.ts'
import { openAuditChainKey } from '../../sealed-secrets.ts'
import { SCHEMA_VERSION } from '../../store/migrations/migrations.ts'
import type { Store } from '../../store/store.ts'
import { IMPORT_MARKER, TRANSFERRED_TABLES } from '../../store/transfer.ts'
import { deriveSealingKey, type ExportHeader } from '../../transfer/format.ts'
import { checkExport, readBatches } from '../../transfer/read-export.ts'
import { readPassphrase } from '../../transfer/read-passphrase.ts'
import { resealRow } from '../../transfer/reseal-row.ts'
import { countRows, PAGE_ROWS } from '../../transfer/write-export.ts'
import { actingByCommand } from '../acting.ts'
import { writeFields } from '../output.ts'
import { withProgress } from '../progress.ts'

/**
 * `import`: everything that an export holds, into an empty store; one that was cut off goes on where it was.
 *
 * @throws {StartupError} when passphrase or master key are absent, unsafe or wrong.
 * @throws {OperatorError} when the export is not whole, or the store holds something else.
 */
export async function importStore(
  { source, passphraseFile }: { readonly source: string; readonly passphraseFile: string },
  store: Store,
  context: CommandContext,
): Promise<void> {
  const { randomBytes } = context.runtime
  const passphrase = readPassphrase(passphraseFile)
  const { header, sha256 } = await checkExport(source, SCHEMA_VERSION)
  const from = deriveSealingKey(passphrase, header.sealing)
  const skip = await findPlace(store, sha256)
  const to = await openTarget(store, context)
  const total = Object.values(header.rows).reduce((sum, rows) => sum + rows, 0)
  await withProgress(context, async (progress) => {
    for await (const { table, rows, done } of readBatches(source, skip, PAGE_ROWS)) {
      await store.importRows({
        table,
        rows: rows.map((row) => reseal(() => resealRow(table, row, { from, to }, randomBytes))),
        marker: `${sha256} ${done}`,
      })
      progress.tell('imported', done, total)
    }
  })
  await compareCounts(store, header.rows)
  const detail = { rows: total, keys: header.rows.api_keys, exported_at: header.created_at }
  await store.endImport({
    epoch: randomBytes(16).toString('hex'),
    audit: toAuditEntry(actingByCommand(context), 'store.import', basename(source), { detail }),
  })
  const told = { schema: header.schema, keys: header.rows.api_keys, audit_rows: header.rows.audit }
  writeFields(context.json ? { ...told, rows: header.rows } : told, context)
}

/** The master key of the store, made where there is none; the chain of the audit goes on with the key that was imported. */
async function openTarget(store: Store, { config, runtime }: CommandContext): Promise<Buffer> {
  const { randomBytes } = runtime
  const { masterKey } = dataFolder(config.dataDir)
  const { bytes } = await openMasterKeyForImport(store, config, masterKey, randomBytes)
  store.chainAudit(() => openAuditChainKey(store, bytes, randomBytes))
  return bytes
}

/** How many rows an import that was cut off has written. */
async function findPlace(store: Store, sha256: string): Promise<number> {
  const marker = await store.findSetting(IMPORT_MARKER)
  if (marker === undefined) return 0
  const [begun, done] = marker.split(' ')
  if (begun !== sha256)
    throw new OperatorError('the import of another file has begun in this store; go on with that one')
  return Number(done)
}

function reseal<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof UnsealError ? new OperatorError('the passphrase is not that of the export') : error
  }
}

async function compareCounts(store: Store, rows: ExportHeader['rows']): Promise<void> {
  const counted = await store.exportRows(countRows)
  for (const table of TRANSFERRED_TABLES) {
    // The marker of the import is a setting as well.
    const found = counted[table] - (table === 'settings' ? 1 : 0)
    if (found !== rows[table])
      throw new OperatorError(
        `the store holds ${found} rows of ${table}, the export ${rows[table]}; it is not whole`,
      )
  }
}
