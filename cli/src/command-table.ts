import { type CommandRow, CREDENTIAL_NOTE, EXIT_NOTE, OUTPUT_NOTE, TOKEN_SUMMARY } from './command-row.ts'
import * as option from './option-table.ts'

/**
 * The commands of `interhuman-auth`: what is typed, read, and told in the help texts. A row here needs its line in
 * `main.ts`, which loads the command's file.
 */
export const COMMANDS = {
  token: {
    start: 'interhuman-auth token',
    summary: TOKEN_SUMMARY,
    options: [option.scope, option.output, option.apiVersion, option.apiUrl, option.timeout, option.help],
    required: ['scope'],
    notes: [OUTPUT_NOTE, CREDENTIAL_NOTE, EXIT_NOTE],
  },
  check: {
    start: 'interhuman-auth check',
    summary: 'say which sources hold a credential and which one counts, never a value',
    options: [option.online, option.scope, option.apiVersion, option.apiUrl, option.timeout, option.help],
    required: [],
    notes: [CREDENTIAL_NOTE, EXIT_NOTE],
  },
} as const satisfies Record<string, CommandRow>

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS
