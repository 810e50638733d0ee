/** What a credentials file says: the names that were asked for, or why it cannot be read without guessing. */
export type DotenvReading = { readonly values: ReadonlyMap<string, string> } | { readonly problem: string }

const assignment = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*(.*)$/
const quoted = /^(?:"([^"\\]*)"|'([^']*)')(?:[ \t]+#.*)?$/

/**
 * Reads the assignments to the names asked for from text in dotenv form, and nothing else of it. Values are literal: no
 * escapes, no `$` expansion, no value over several lines. A byte order mark, CRLF, blank lines, `#` comments and
 * `export ` are taken; one pair of quotes is taken off; an unquoted value ends at white space and `#`. What dialects read
 * differently (a name twice, an open quote, a backslash in double quotes) is a problem, which names a line and never quotes it.
 */
export function parseDotenv(text: string, names: readonly string[]): DotenvReading {
  const values = new Map<string, string>()
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const [, name, rest] = assignment.exec(trimmed) ?? []
    if (name === undefined || rest === undefined)
      return { problem: `line ${index + 1} is not of the form NAME=value` }
    if (!names.includes(name)) continue
    if (values.has(name)) return { problem: `it names ${name} twice` }
    const value = readValue(rest)
    if (value === undefined) return { problem: `the value in line ${index + 1} is not quoted plainly` }
    values.set(name, value)
  }
  return { values }
}

function readValue(rest: string): string | undefined {
  const [match, double, single] = quoted.exec(rest) ?? []
  if (match !== undefined) return double ?? single
  if (rest.startsWith('"') || rest.startsWith("'")) return undefined
  return rest.replace(/(?:^|[ \t]+)#.*$/, '')
}

const plain = /^[\w.~+/:@%-]+$/

/**
 * Writes an assignment that {@link parseDotenv} reads back as it is.
 *
 * @throws {RangeError} for a value that no form of quotes can hold: see {@link isAssignable}.
 */
export function formatAssignment(name: string, value: string): string {
  for (const written of [value, `'${value}'`, `"${value}"`]) {
    if (written === value && !plain.test(value)) continue
    const reading = parseDotenv(`${name}=${written}`, [name])
    if ('values' in reading && reading.values.get(name) === value) return `${name}=${written}`
  }
  throw new RangeError('a value that a line cannot hold')
}

/** Says whether a value can stand in a line. */
export function isAssignable(value: string): boolean {
  try {
    return formatAssignment('A', value) !== ''
  } catch {
    return false
  }
}

/** Gives the text without its assignments to some names, every other line as it is. */
export function withoutAssignments(text: string, names: readonly string[]): string {
  const lines = text.split(/(?<=\n)/)
  const others = lines.filter((line) => {
    const [, name = ''] = assignment.exec(line.replace(/^\uFEFF/, '').trim()) ?? []
    return !names.includes(name)
  })
  const kept = others.join('')
  return kept === '' || kept.endsWith('\n') ? kept : `${kept}\n`
}
