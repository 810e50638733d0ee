/** The command line is wrong; the command prints the message and ends with 2. Never holds what was typed as a value. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
