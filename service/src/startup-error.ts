import { OperatorError } from './operator-error.ts'

/** The program cannot do what it was told, for a reason that the operator can mend. */
export class StartupError extends OperatorError {
  override readonly name = 'StartupError'
}
