import { ERRORS, type ErrorRow, type FieldProblems, RETRY_AFTER_HEADER } from '@interhuman-auth/protocol'
import { StoreUnavailableError } from './store/store-error.ts'

/** What an {@link ApiError} carries beside its row. */
export interface ApiErrorDetails {
  /** What is wrong with which field (422), or which parameter is absent. */
  readonly problems?: FieldProblems
  /** The word of RFC 6749 where it is not the row's. */
  readonly oauth?: string
  /** Further response headers, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** The one error that the service throws on purpose: a row of the catalogue. Anything else that is thrown is `ih1001`. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly row: ErrorRow
  readonly problems: FieldProblems
  readonly oauth: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(row: ErrorRow, details: ApiErrorDetails = {}) {
    super(row.title)
    this.row = row
    this.problems = details.problems ?? {}
    this.oauth = details.oauth
    this.headers = details.headers ?? {}
  }
}

/** Refuses a request that may come again after some seconds. */
export function retryLater(row: ErrorRow, seconds: number): ApiError {
  return new ApiError(row, { headers: { [RETRY_AFTER_HEADER]: String(seconds) } })
}

/** When a client may ask again after `ih1003`, in seconds. */
const RETRY_AFTER_SECONDS = 5

/** Turns whatever was thrown into the error that leaves; what was not thrown on purpose says nothing of itself. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof StoreUnavailableError) return retryLater(ERRORS.unavailable, RETRY_AFTER_SECONDS)
  return new ApiError(ERRORS.internal)
}
