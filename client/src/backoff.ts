const FIRST_WAIT_MS = 500
const FIRST_FINAL_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 60_000
const LONGEST_RETRY_AFTER_SECONDS = 300

/** What a failure says of another try; the errors of this package say all of it. */
export interface FailureAdvice {
  readonly status?: unknown
  readonly retryable?: boolean
  readonly retryAfterSeconds?: number | undefined
}

/**
 * How long to wait after a failure before the next try, in milliseconds: doubled with each failure in a row, at half to
 * full length by chance, on top of what the service asked for. One that no retry can help waits long from the first.
 */
export function waitAfter(
  { retryable, retryAfterSeconds = 0 }: FailureAdvice,
  failuresInARow: number,
  random: () => number,
): number {
  const firstMs = retryable === false ? FIRST_FINAL_WAIT_MS : FIRST_WAIT_MS
  const doubledMs = Math.min(firstMs * 2 ** (failuresInARow - 1), LONGEST_WAIT_MS)
  return doubledMs * (0.5 + random() / 2) + Math.min(retryAfterSeconds, LONGEST_RETRY_AFTER_SECONDS) * 1000
}
