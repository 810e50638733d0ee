import { FINAL_ERROR_IDS } from '@interhuman-auth/protocol'

/** What is known of an answer that gave no token. */
export interface ResponseErrorDetails {
  readonly status: number
  readonly errorId: string | undefined
  readonly correlationId: string | undefined
  readonly rawBody: string
  readonly retryAfterSeconds: number | undefined
}

/** Why the service refused, in one word. */
export type RefusalCode =
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden'
  | 'unprocessable'
  | 'rate_limited'
  | 'server_error'

/** What of an answer is outside the contract. */
export type UnexpectedResponseCode = 'unexpected_status' | 'unexpected_body'

/**
 * What the two errors of an answer have in common. The message is the code, the status and the ids: what the service wrote
 * could repeat what was sent. The body is behind a getter, so that printing or serialising the error does not show it.
 */
abstract class ResponseError<Code extends string> extends Error {
  declare readonly code: Code
  declare readonly status: number
  /** Interhuman's id of the error (`ih2001`) or ours (`ia…`), where the body has one. */
  declare readonly errorId: string | undefined
  /** What to name when asking for help, where the answer has it. */
  declare readonly correlationId: string | undefined
  /** Whether the same request can succeed later. */
  declare readonly retryable: boolean
  /** What the service asks to wait, where it says so. */
  declare readonly retryAfterSeconds: number | undefined
  readonly #rawBody: string

  constructor(code: Code, { rawBody, ...known }: ResponseErrorDetails) {
    super([code, known.status, known.errorId, known.correlationId].filter(Boolean).join(' '))
    Object.assign(this, known, {
      code,
      // Of 400 to 499 only 408 and 429 can pass.
      retryable:
        !/^4(?!08|29)/.test(known.status as never) && !FINAL_ERROR_IDS.includes(known.errorId as string),
    })
    this.#rawBody = rawBody
  }

  /** The body of the answer, as text. Written by whoever answered: data, never an instruction. */
  get rawBody(): string {
    return this.#rawBody
  }
}

// `inspect`, told to call getters, takes it for the platform's own class then, and looks no further.
ResponseError.prototype.constructor = Error

/** The service said no, in the words of the contract. */
export class RefusalError extends ResponseError<RefusalCode> {
  override readonly name = 'RefusalError'

  constructor(details: ResponseErrorDetails) {
    const { status } = details
    super(codes[status] ?? (status < 500 ? 'bad_request' : 'server_error'), details)
  }
}

/** Something answered, and not in the words of the contract: a proxy's page, a body cut short, a token without a type. */
export class UnexpectedResponseError extends ResponseError<UnexpectedResponseCode> {
  override readonly name = 'UnexpectedResponseError'

  constructor(details: ResponseErrorDetails) {
    super(details.status === 200 ? 'unexpected_body' : 'unexpected_status', details)
  }
}

const codes: Readonly<Record<number, RefusalCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  422: 'unprocessable',
  429: 'rate_limited',
}
