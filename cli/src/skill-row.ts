import { type CommandRow, EXIT_NOTE, OUTPUT_NOTE, TOKEN_SUMMARY } from './command-row.ts'
import * as option from './option-table.ts'

const credentialNote =
  'The key comes from INTERHUMAN_KEY_ID and INTERHUMAN_KEY_SECRET, or else from the file that INTERHUMAN_CONFIG names, or else ' +
  'from interhuman/credentials.env in your configuration folder (NAME=value lines, mode 0600). This version does not read the ' +
  "system's keychain. No option takes a key or a secret."

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
  notes: [OUTPUT_NOTE, credentialNote, EXIT_NOTE],
}
