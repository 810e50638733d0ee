import { SCOPES } from '@interhuman-auth/protocol'
import { CONFIGURATION, environmentName, flagName, type Setting } from './config.ts'

/** Writes the text of `--help`; the settings come from the configuration table. */
export function formatHelp(): string {
  return `interhuman-auth-service: issues bearer tokens for API keys

Usage:
  interhuman-auth-service start [--first-key]
  interhuman-auth-service keys create --name NAME --scope SCOPE [--scope SCOPE]
                          [--expires-in-seconds N] [--credentials-file FILE [--api-url URL]]
  interhuman-auth-service keys list [--limit N] [--after KEY_ID]
  interhuman-auth-service keys show KEY_ID
  interhuman-auth-service keys rotate KEY_ID [--overlap-seconds N]
                          [--credentials-file FILE [--api-url URL]]
  interhuman-auth-service keys disable|enable|revoke KEY_ID

  --json       one JSON document on standard output (keys commands)
  --first-key  make a key and its credentials file if the store holds no key
  --help, --version

Scopes: ${SCOPES.join(', ')}

A secret is shown once, on standard output, or written to FILE (0600) and not shown.
keys commands work while the service runs; a revoked or disabled key is refused on its next request.

Settings, as a flag or in the environment (a flag goes first; secrets have no flag):
${CONFIGURATION.map(formatSetting).join('\n')}

Exit codes: 0 done · 1 not done, and why · 2 wrong usage
Example:
  interhuman-auth-service keys create --name "video worker" --scope ${SCOPES[0]} --credentials-file worker.env

An independent implementation, not affiliated with Interhuman.
`
}

function formatSetting(row: Setting): string {
  const flag = row.secret ? '' : `--${flagName(row.name)} ${row.placeholder}, `
  return `  ${flag}${environmentName(row.name)}
      ${row.description} (${row.defaultText})`.replaceAll('`', '')
}
