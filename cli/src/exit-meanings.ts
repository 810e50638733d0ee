import { EXIT } from './exit-codes.ts'

/** What each exit code but 0 means, and what to do. */
export const EXIT_MEANINGS = [
  { code: EXIT.usage, cause: 'Wrong usage; nothing was sent.', nextStep: "Read the command's --help." },
  {
    code: EXIT.credential,
    cause: 'There is no credential that can be used.',
    nextStep: 'Run interhuman-auth check, which says what each source holds.',
  },
  {
    code: EXIT.refused,
    cause: 'The service refused the request.',
    nextStep: 'Read the error body, which names an id.',
  },
  {
    code: EXIT.other,
    cause: 'The service failed, or what came is not all of an answer.',
    nextStep: 'Try again later; if it lasts, report the correlation id.',
  },
  {
    code: EXIT.unreachable,
    cause: 'No answer came in time.',
    nextStep: 'Run interhuman-auth check --online, which says how far the way goes.',
  },
  {
    code: EXIT.untrusted,
    cause: 'The address is not to be trusted with the key; the key was not sent there.',
    nextStep: 'Check the address, and run interhuman-auth check --online.',
  },
] as const
