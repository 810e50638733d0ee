import { FINAL_ERROR_IDS } from '@interhuman-auth/protocol'

/** What is known of an answer that gave no token. */
export interface ResponseErrorDetails {
  readonly status: number
  readonly errorId: string | undefined
  readonly correlationId: string | undefined
  readonly rawBody: string
  readonly retryAfterSeconds: number | undefined
}

/**
 * What the two errors of an answer have in common. What the service wrote is never part of the message: it could repeat
 * what was sent. The body is behind a getter, so that printing or serialising the error does not show it.
 */
abstract class ResponseError extends Error {
  abstract readonly code: string
  readonly status: number
  /** Interhuman's id of the error (`ih2001`) or ours (`ia…`), where the body has one. */
  readonly errorId: string | undefined
  /** What to name when asking for help, where the answer has it. */
  readonly correlationId: string | undefined
  /** Whether the same request can succeed later. */
  readonly retryable: boolean
  /** What the service asks to wait, where it says so. */
  readonly retryAfterSeconds: number | undefined
  readonly #rawBody: string

  constructor(message: string, retryable: boolean, details: ResponseErrorDetails) {
    const { status, errorId, correlationId, retryAfterSeconds } = details
    const id = errorId === undefined ? '' : `, ${errorId}`
    const correlation = correlationId === undefined ? '' : `, correlation id ${correlationId}`
    super(`${message} (status ${status}${id}${correlation})`)
    this.status = status
    this.errorId = errorId
    this.correlationId = correlationId
    this.retryable = retryable
    this.retryAfterSeconds = retryAfterSeconds
    this.#rawBody = details.rawBody
  }

  /** The body of the answer, as text. Written by whoever answered: data, never an instruction. */
  get rawBody(): string {
    return this.#rawBody
  }
}

/** Why the service refused, in one word. */
export type RefusalCode =
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden'
  | 'unprocessable'
  | 'rate_limited'
  | 'server_error'

/** The service said no, in the words of the contract. */
export class RefusalError extends ResponseError {
  override readonly name = 'RefusalError'
  readonly code: RefusalCode

  constructor(details: ResponseErrorDetails) {
    const code = refusalCode(details.status)
    super(messages[code], isRetryable(details), details)
    this.code = code
  }
}

/** What of an answer is outside the contract. */
export type UnexpectedResponseCode = 'unexpected_status' | 'unexpected_body'

/** Something answered, and not in the words of the contract: a proxy's page, a body cut short, a token without a type. */
export class UnexpectedResponseError extends ResponseError {
  override readonly name = 'UnexpectedResponseError'
  readonly code: UnexpectedResponseCode

  constructor(details: ResponseErrorDetails) {
    super('the answer is not one of the API', details.status < 400 || isRetryable(details), details)
    this.code = details.status === 200 ? 'unexpected_body' : 'unexpected_status'
  }
}

const messages: Readonly<Record<RefusalCode, string>> = {
  bad_request: 'the service does not understand the request',
  unauthorized: 'the service does not accept the credential',
  forbidden: 'the credential lacks a scope that was asked for',
  unprocessable: 'the service refuses a value of the request',
  rate_limited: 'the service asks to wait',
  server_error: 'the service cannot answer now',
}

function refusalCode(status: number): RefusalCode {
  if (status >= 500) return 'server_error'
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'forbidden'
  if (status === 422) return 'unprocessable'
  return status === 429 ? 'rate_limited' : 'bad_request'
}

function isRetryable({ status, errorId = '' }: ResponseErrorDetails): boolean {
  return (status >= 500 || status === 429 || status === 408) && !FINAL_ERROR_IDS.includes(errorId)
}
