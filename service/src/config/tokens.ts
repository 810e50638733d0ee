import { ALGORITHMS, ERROR_PAGE_PATH } from '@interhuman-auth/protocol'
import { optional, secret, setting } from './setting.ts'
import { integer, oneOf, parseAddress, parseCommand, parsePath, parseText } from './values.ts'

/** What the issuer is when nobody says otherwise: a constant, since an issuer must not change with a port. */
export const DEFAULT_ISSUER = 'http://127.0.0.1:4747'

/** What tokens say, and what they are signed with. */
export const TOKEN_SETTINGS = [
  optional('issuer', parseAddress, {
    placeholder: 'URL',
    description:
      'The `iss` of every token. Settled at the first start and kept in the store; a later start that says otherwise is refused.',
    defaultText: `\`${DEFAULT_ISSUER}\`, whatever the port`,
  }),
  optional('audience', parseText, {
    placeholder: 'TEXT',
    description: 'The `aud` of every token.',
    defaultText: 'the issuer',
  }),
  setting('algorithm', 'ES256', oneOf(ALGORITHMS), {
    placeholder: ALGORITHMS.join('|'),
    description:
      'How tokens are signed. With HS256 the key set is empty, and tokens are checked by introspection, or with a key that can issue them.',
  }),
  setting('signingKeyRotationDays', 30, integer(0, 3650), {
    placeholder: 'DAYS',
    description:
      'How long a signing key signs before the next one takes its place by itself; 0 for no rotation by itself.',
  }),
  optional('errorPage', parseAddress, {
    placeholder: 'URL',
    description: 'The page that the `link` of an error body points at.',
    defaultText: `the issuer and \`${ERROR_PAGE_PATH}\``,
  }),
  optional('masterKeyFile', parsePath, {
    placeholder: 'FILE',
    description:
      'File of the master key that seals the signing keys, mode 0600. It must exist when it is named here.',
    defaultText: '`master.key` in the data folder, made at the first start',
  }),
  secret('masterKey', parseText, {
    placeholder: 'TEXT',
    description: 'The master key itself, 32 bytes in base64url, instead of a file.',
    defaultText: 'the file',
    // `masterKeyFile` is older than the files of other secrets and has a default of its own.
    byFile: false,
  }),
  optional('masterKeyCommand', parseCommand, {
    placeholder: 'COMMAND',
    description:
      'A program, by its absolute path, and its arguments, separated by spaces, whose output is the master key, instead of a file. It runs without a shell; what needs quoting goes into a script.',
    defaultText: 'the file',
  }),
] as const
