import { OperatorError } from '../operator-error.ts'

/** The store does not answer; the caller of the exchange gets `ih1003`, and the cause goes to the log. */
export class StoreUnavailableError extends OperatorError {
  override readonly name = 'StoreUnavailableError'
}
