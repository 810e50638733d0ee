import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { OperatorError } from '../operator-error.ts'
import { TRANSFERRED_TABLES, type TransferRow, type TransferredTable } from '../store/transfer.ts'
import { type ExportFooter, type ExportHeader, parseRow } from './format.ts'

/** No row is as long as this; a file that has such a line is none of ours. */
const MAX_LINE_CHARACTERS = 1024 * 1024

/** An export that was read to its end and is whole. */
export interface WholeExport {
  readonly header: ExportHeader
  readonly sha256: string
}

/**
 * Reads an export to its end before anything is written: its hash, its counts, and that every table is known.
 *
 * @throws {OperatorError} when it is none, of another schema, cut off or changed.
 */
export async function checkExport(file: string, schema: number): Promise<WholeExport> {
  const hash = createHash('sha256')
  let header: ExportHeader | undefined
  let footer: ExportFooter | undefined
  const counted = new Map<string, number>()
  for await (const line of readLines(file)) {
    if (footer !== undefined) throw notWhole()
    if (header === undefined) header = parseHeader(line, schema)
    else if (line.startsWith('[')) {
      const [table] = parse(() => parseRow(line))
      counted.set(table, (counted.get(table) ?? 0) + 1)
    } else {
      footer = parse(() => JSON.parse(line) as ExportFooter)
      continue
    }
    hash.update(`${line}\n`)
  }
  const sha256 = hash.digest('hex')
  if (header === undefined || footer?.sha256 !== sha256) throw notWhole()
  for (const table of [...TRANSFERRED_TABLES, ...counted.keys()])
    if ((counted.get(table) ?? 0) !== header.rows[table as TransferredTable]) throw notWhole()
  return { header, sha256 }
}

/** The rows of an export that was checked, from the row `skip` on, in batches of one table each. */
export async function* readBatches(
  file: string,
  skip: number,
  size: number,
): AsyncGenerator<{
  readonly table: TransferredTable
  readonly rows: readonly TransferRow[]
  /** How many rows there were with this batch. */
  readonly done: number
}> {
  let table: TransferredTable | undefined
  let rows: TransferRow[] = []
  let done = 0
  for await (const line of readLines(file)) {
    if (!line.startsWith('[')) continue
    done += 1
    if (done <= skip) continue
    const [name, row] = parseRow(line)
    if (table !== undefined && (name !== table || rows.length === size)) {
      yield { table, rows, done: done - 1 }
      rows = []
    }
    table = name
    rows.push(row)
  }
  if (table !== undefined && rows.length > 0) yield { table, rows, done }
}

async function* readLines(file: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(file, { encoding: 'utf8' })) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_CHARACTERS) throw notWhole()
    yield* lines
  }
  if (rest !== '') throw notWhole()
}

function parseHeader(line: string, schema: number): ExportHeader {
  const header = parse(() => JSON.parse(line) as Partial<ExportHeader> | null)
  if (header?.format !== 'interhuman-auth-store' || header.version !== 1 || header.rows === undefined)
    throw new OperatorError('the file is no export of a store')
  if (header.schema !== schema)
    throw new OperatorError(
      `the export is of schema ${header.schema}, this program knows ${schema}; export with the version that imports`,
    )
  return header as ExportHeader
}

function parse<T>(read: () => T): T {
  try {
    return read()
  } catch {
    throw notWhole()
  }
}

function notWhole(): OperatorError {
  return new OperatorError('the export is cut off or was changed; nothing was written')
}
