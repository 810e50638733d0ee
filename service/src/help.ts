import { SCOPES } from '@interhuman-auth/protocol'
import type { CommandGroup } from './command-group.ts'
import type { Setting } from './config/setting.ts'
import { CONFIGURATION } from './config/table.ts'

const PROGRAM = 'interhuman-auth-service'

/** Writes the text of `--help`; the commands come from their groups, the settings from the configuration table. */
export function formatHelp(groups: readonly CommandGroup[]): string {
  return `${PROGRAM}: issues bearer tokens for API keys

Usage:
${groups.flatMap((group) => group.usage.map(formatUsage)).join('\n')}

${formatOptions(groups)}

Scopes: ${SCOPES.join(', ')}

A secret is shown once, on standard output, or written to FILE (0600) and not shown.
keys commands work while the service runs; a revoked or disabled key is refused on its next request.

Settings, as a flag or in the environment (a flag goes first; secrets have no flag):
${CONFIGURATION.map(formatSetting).join('\n')}

Exit codes: 0 done · 1 not done, and why · 2 wrong usage
Example:
  ${PROGRAM} keys create --name "video worker" --scope ${SCOPES[0]} --credentials-file worker.env

An independent implementation, not affiliated with Interhuman.
`
}

function formatUsage(line: string): string {
  return line.startsWith(' ') ? `  ${' '.repeat(PROGRAM.length)}${line.slice(1)}` : `  ${PROGRAM} ${line}`
}

function formatOptions(groups: readonly CommandGroup[]): string {
  const rows = [
    ['--json', 'one JSON document on standard output (every command but start)'],
    ...groups.flatMap((group) => group.explainedOptions),
  ]
  const width = Math.max(...rows.map(([option = '']) => option.length))
  const lines = rows.map(([option = '', text]) => `  ${option.padEnd(width)}  ${text}`)
  return [...lines, '  --help, --version'].join('\n')
}

function formatSetting(row: Setting): string {
  const flag = row.flag === null ? '' : `--${row.flag} ${row.placeholder}, `
  return `  ${flag}${row.environment}
      ${row.description} (${row.defaultText})`.replaceAll('`', '')
}
