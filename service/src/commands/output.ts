import type { CommandContext } from '../command-group.ts'

/** Writes one JSON document on standard output. */
export function writeJson(value: object, context: CommandContext): void {
  context.runtime.writeOutput(`${JSON.stringify(value)}\n`)
}

/** Shows one thing: as JSON, or its fields one a line. */
export function writeFields(fields: Readonly<Record<string, unknown>>, context: CommandContext): void {
  if (context.json) writeJson(fields, context)
  else context.runtime.writeOutput(formatFields(fields))
}

/** Writes fields one a line, names in a column. */
export function formatFields(fields: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(fields).map((name) => name.length))
  return Object.entries(fields)
    .map(([name, value]) => `${name.padEnd(width)}  ${formatValue(value)}\n`)
    .join('')
}

/** Writes rows as a table, one a line, the first of them the headings. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

function formatValue(value: unknown): string {
  if (value === null) return '-'
  return Array.isArray(value) ? value.join(' ') : String(value)
}
