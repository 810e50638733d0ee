import type { OptionRow } from './option-table.ts'

/** A command, or an entry of its own such as the skill's script. */
export interface CommandRow {
  /** What is typed to start it. */
  readonly start: string
  readonly summary: string
  readonly options: readonly OptionRow[]
  /** Options without which it does not run. */
  readonly required: readonly string[]
  /** The one argument that is no option. */
  readonly operand?: OperandRow
  /** What stands after `--`, as the help text names it; handed over as it was typed. */
  readonly rest?: string
  readonly notes: readonly string[]
}

/** An argument that is no option: what the help text calls it, what it may be, and whether it must be there. */
export interface OperandRow {
  readonly name: string
  readonly choices?: readonly string[]
  readonly required: boolean
  readonly help: string
}

/** What the command `token` does, and the skill's script. */
export const TOKEN_SUMMARY = 'exchange the API key for an access token, and hand on the answer as it is'

/** Where a key is looked for. */
export const CREDENTIAL_NOTE =
  'The key comes from INTERHUMAN_KEY_ID and INTERHUMAN_KEY_SECRET, or else from the file that INTERHUMAN_CONFIG names, or else ' +
  'from interhuman/credentials.env in your configuration folder (NAME=value lines, mode 0600), or else from the keychain. No ' +
  'option takes a key or a secret.'

/** Where a token is kept. */
export const CACHE_NOTE =
  'A token is kept, for this key, address and scopes alone, in interhuman/ in your cache folder (0600), where exec and proxy ' +
  'find it as well. It is asked for anew when a fifth of its life is left. The command token never reads or writes it.'

/** What the exit codes mean. */
export const EXIT_NOTE =
  'Exit codes: 0 status 200; 2 wrong usage; 3 no credential, or an unsafe file; 4 refused (4xx); 5 anything else, or a body cut ' +
  "short; 6 not reached in time; 7 not trusted (redirect, plain http, TLS, an address that is not the key's)."

/** What is on standard output. */
export const OUTPUT_NOTE =
  'Standard output is the body of the answer, byte for byte, whatever its status (at most 64 MiB). All else is on standard error.'
