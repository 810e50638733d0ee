/**
 * What was asked of the program cannot be done, and its message says why in a line or several: a command prints it as it
 * is and ends with 1. Never holds a secret. Whatever else is thrown is unexpected and shown with its stack.
 */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError'
}
