/**
 * The program cannot do what it was told, for a reason that the operator can mend: the command prints the message as
 * its one line. Never holds a secret.
 */
export class StartupError extends Error {
  override readonly name = 'StartupError'
}
