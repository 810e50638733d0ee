import { createHash } from 'node:crypto'
import type { RandomBytes } from '../base62.ts'
import { OperatorError } from '../operator-error.ts'
import {
  type RowSource,
  TRANSFERRED_TABLES,
  type TransferRow,
  type TransferredTable,
} from '../store/transfer.ts'
import { type ExportFooter, type ExportHeader, formatRow, type Sealing } from './format.ts'
import { resealRow } from './reseal-row.ts'

/** How many rows are read at a time. */
export const PAGE_ROWS = 1000

/** What an export is written with. */
export interface ExportTools {
  readonly schema: number
  readonly createdAt: string
  readonly sealing: Sealing
  /** The master key of the store, and the sealing key of the passphrase. */
  readonly keys: { readonly from: Buffer; readonly to: Buffer }
  readonly randomBytes: RandomBytes
  /** Takes the next text of the file; resolves when there is room for more. */
  write(text: string): Promise<void>
  onProgress(table: TransferredTable, done: number, of: number): void
}

/**
 * Writes every row of a store.
 *
 * @returns how many, by table.
 * @throws {UnsealError} when the master key is not that of the store.
 * @throws {OperatorError} when not as many came as were counted.
 */
export async function writeExport(source: RowSource, tools: ExportTools): Promise<ExportHeader['rows']> {
  const hash = createHash('sha256')
  const put = (text: string) => {
    hash.update(text)
    return tools.write(text)
  }
  const rows = await countRows(source)
  const { schema, createdAt, sealing } = tools
  const header: ExportHeader = {
    format: 'interhuman-auth-store',
    version: 1,
    schema,
    created_at: createdAt,
    sealing,
    rows,
  }
  await put(`${JSON.stringify(header)}\n`)
  for (const table of TRANSFERRED_TABLES) {
    const written = await writeTable(source, table, rows[table], tools, put)
    if (written !== rows[table])
      throw new OperatorError(`${table} has ${rows[table]} rows, and ${written} came`)
  }
  const footer: ExportFooter = { rows, sha256: hash.digest('hex') }
  await tools.write(`${JSON.stringify(footer)}\n`)
  return rows
}

/** Counts every table that is moved. */
export async function countRows(source: RowSource): Promise<ExportHeader['rows']> {
  const counts: [TransferredTable, number][] = []
  for (const table of TRANSFERRED_TABLES) counts.push([table, await source.count(table)])
  return Object.fromEntries(counts) as ExportHeader['rows']
}

async function writeTable(
  source: RowSource,
  table: TransferredTable,
  total: number,
  { keys, randomBytes, onProgress }: ExportTools,
  put: (text: string) => Promise<void>,
): Promise<number> {
  let written = 0
  for (let after: TransferRow | undefined; ; ) {
    const page = await source.readPage(table, after, PAGE_ROWS)
    after = page.at(-1)
    if (after === undefined) return written
    await put(page.map((row) => formatRow(table, resealRow(table, row, keys, randomBytes))).join(''))
    written += page.length
    onProgress(table, written, total)
  }
}
