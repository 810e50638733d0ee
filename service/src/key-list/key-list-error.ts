import { OperatorError } from '../operator-error.ts'

/** A line of a list of keys that is not as it must be; never repeats what stands there. */
export class KeyListError extends OperatorError {
  override readonly name = 'KeyListError'

  constructor(line: number, problem: string) {
    super(`line ${line} ${problem}`)
  }
}
