/** The store does not answer; the caller of the exchange gets `ih1003`, and the cause goes to the log. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
}
