import { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { KEY_FIELDS, type ListedFields } from './fields.ts'
import { KeyListError } from './key-list-error.ts'

/** The longest record, in characters; a quote that is never closed ends here. */
const MAX_RECORD = 64 * 1024

interface CsvRecord {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

/**
 * Reads CSV (RFC 4180) with a heading; lines with nothing in them are left out.
 *
 * @throws {KeyListError} for a heading that names other columns than ours or one twice, and for what is no CSV.
 */
export async function* readCsv(text: AsyncIterable<string>): AsyncGenerator<ListedFields> {
  const parser = parse({
    info: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD,
    record_delimiter: ['\r\n', '\n'],
  })
  const source = Readable.from(text).on('error', (error) => parser.destroy(error))
  let columns: readonly string[] | undefined
  let line = 0
  try {
    for await (const { record, info } of source.pipe(parser) as AsyncIterable<CsvRecord>) {
      line = info.lines
      if (columns === undefined) columns = readHeading(record, line)
      else yield { line, fields: toFields(columns, record) }
    }
  } catch (error) {
    throw error instanceof CsvError ? explain(error, line, columns?.length ?? 0) : error
  } finally {
    source.destroy()
  }
}

function readHeading(record: readonly string[], line: number): readonly string[] {
  const names = record.map((name) => name.trim())
  for (const [index, name] of names.entries()) {
    if (!KEY_FIELDS.some((field) => field === name))
      throw new KeyListError(
        line,
        `is the heading, and column ${index + 1} of it is none of ${KEY_FIELDS.join(', ')}`,
      )
    if (names.indexOf(name) !== index)
      throw new KeyListError(line, `is the heading, and column ${index + 1} of it is there twice`)
  }
  for (const needed of ['name', 'scopes'])
    if (!names.includes(needed))
      throw new KeyListError(line, `is the heading, and it has no column ${needed}`)
  return names
}

/** What stands in a cell becomes what JSON would say; what cannot stays a text, which is then refused. */
function toFields(columns: readonly string[], record: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    columns.map((column, index) => {
      const text = record[index] ?? ''
      if (column === 'name') return [column, text]
      const trimmed = text.trim()
      if (column === 'scopes') return [column, trimmed === '' ? [] : trimmed.split(/\s+/)]
      return [column, trimmed === '' ? undefined : readCell(column, trimmed)]
    }),
  )
}

const SWITCH: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['true', true],
  ['off', false],
  ['false', false],
])

function readCell(column: string, text: string): unknown {
  if (column === 'direct') return SWITCH.get(text.toLowerCase()) ?? text
  return column === 'expires_in_seconds' && /^\d{1,9}$/.test(text) ? Number(text) : text
}

/** The library's own messages repeat what stands in the file. */
function explain({ code, lines }: CsvError & { readonly lines?: number }, lastLine: number, columns: number) {
  const line = lines ?? lastLine + 1
  switch (code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return new KeyListError(line, `has not the ${columns} columns of the heading`)
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      return new KeyListError(lastLine + 1, 'or one soon after it begins a quote that is not closed')
    default:
      return new KeyListError(
        line,
        'has a quote in the wrong place; quote the whole cell and double its quotes',
      )
  }
}
