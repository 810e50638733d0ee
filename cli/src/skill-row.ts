import { type CommandRow, CREDENTIAL_NOTE, EXIT_NOTE, OUTPUT_NOTE, TOKEN_SUMMARY } from './command-row.ts'
import * as option from './option-table.ts'

/** The skill's script: the command `token` behind another entry, in a file of its own so that it carries no other command. */
export const SKILL: CommandRow = {
  start: 'node scripts/interhuman-auth.mjs',
  summary: TOKEN_SUMMARY,
  options: [
    option.scope,
    option.output,
    option.check,
    option.apiVersion,
    option.apiUrl,
    option.timeout,
    option.help,
  ],
  required: ['scope'],
  notes: [OUTPUT_NOTE, CREDENTIAL_NOTE, EXIT_NOTE],
}
