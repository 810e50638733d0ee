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
