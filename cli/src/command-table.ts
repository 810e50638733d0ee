import { DEFAULT_TIMEOUT_MS } from '@interhuman-auth/client'
import { API_VERSIONS, DEFAULT_API_URL, SCOPES } from '@interhuman-auth/protocol'

/** An option: the placeholder of its value (absent for one that has none), and what it does. */
export interface OptionRow {
  readonly value?: string
  readonly multiple?: true
  readonly help: string
}

/** Every option there is. None takes a key or a secret: what stands in a command line is seen by every process. */
export const OPTIONS = {
  scope: { value: 'S', multiple: true, help: `a scope to ask for, ${SCOPES.join(' or ')}; may be repeated` },
  output: {
    value: 'F',
    help: 'write the answer to this file (0600, whole or not at all), nothing to standard output',
  },
  online: { help: 'also make one exchange, and say only whether it worked' },
  check: { help: 'say where a credential was found, and make no exchange' },
  'api-version': {
    value: API_VERSIONS.join('|'),
    help: `the version of the exchange, ${API_VERSIONS[0]} if absent`,
  },
  'api-url': {
    value: 'U',
    help: `the address of the API, ${DEFAULT_API_URL} if absent; a key from a file goes only to the address stored with it`,
  },
  timeout: {
    value: 'S',
    help: `seconds that the whole exchange may take, ${DEFAULT_TIMEOUT_MS / 1000} if absent`,
  },
  help: { help: 'print this text' },
} as const satisfies Record<string, OptionRow>

/** The name of an option. */
export type OptionName = keyof typeof OPTIONS

/** A command, or an entry of its own such as the skill's script. */
export interface CommandRow {
  /** What is typed to start it. */
  readonly start: string
  readonly summary: string
  readonly options: readonly OptionName[]
  /** Options without which it does not run. */
  readonly required: readonly OptionName[]
  readonly notes: readonly string[]
}

const credentialNote =
  'The key comes from INTERHUMAN_KEY_ID and INTERHUMAN_KEY_SECRET, or else from the file that INTERHUMAN_CONFIG names, or else ' +
  'from interhuman/credentials.env in your configuration folder (NAME=value lines, mode 0600). This version does not read the ' +
  "system's keychain. No option takes a key or a secret."

const exitNote =
  'Exit codes: 0 status 200; 2 wrong usage; 3 no credential, or an unsafe file; 4 refused (4xx); 5 anything else, or a body cut ' +
  "short; 6 not reached in time; 7 not trusted (redirect, plain http, TLS, an address that is not the key's)."

const outputNote =
  'Standard output is the body of the answer, byte for byte, whatever its status (at most 64 MiB). All else is on standard error.'

/** The commands of `interhuman-auth`. */
export const COMMANDS = {
  token: {
    start: 'interhuman-auth token',
    summary: 'exchange the API key for an access token, and hand on the answer as it is',
    options: ['scope', 'output', 'api-version', 'api-url', 'timeout', 'help'],
    required: ['scope'],
    notes: [outputNote, credentialNote, exitNote],
  },
  check: {
    start: 'interhuman-auth check',
    summary: 'say which sources hold a credential and which one counts, never a value',
    options: ['online', 'scope', 'api-version', 'api-url', 'timeout', 'help'],
    required: [],
    notes: [credentialNote, exitNote],
  },
} as const satisfies Record<string, CommandRow>

/** The skill's script: the command `token` behind another entry. */
export const SKILL: CommandRow = {
  start: 'node scripts/interhuman-auth.mjs',
  summary: COMMANDS.token.summary,
  options: ['scope', 'output', 'check', 'api-version', 'api-url', 'timeout', 'help'],
  required: ['scope'],
  notes: [outputNote, credentialNote, exitNote],
}
