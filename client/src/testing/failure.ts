import { ERRORS, type ErrorDialect, type ErrorRow, RETRY_AFTER_HEADER } from '@interhuman-auth/protocol'
import { toErrorResponse } from './refusal.ts'

/**
 * What can go wrong on demand: a status (answered with the contract's body), `network` (no connection), `hang` (no answer
 * until the request is aborted), `cut` (a 200 whose body ends too early), or a response of the test's own.
 */
export type TestFailure =
  | number
  | { readonly status: number; readonly retryAfter: string | number }
  | 'network'
  | 'hang'
  | 'cut'
  | Response

/** The row that stands for a status, where the contract has several. */
const ROWS: readonly ErrorRow[] = [
  ERRORS.malformedRequest,
  ERRORS.invalidCredentials,
  ERRORS.insufficientScope,
  ERRORS.internal,
  ERRORS.unavailable,
  ERRORS.rateLimited,
  ...Object.values(ERRORS),
]

/**
 * Fails a request.
 *
 * @throws {TypeError} as a fetch does that cannot connect, with the platform's code on its cause.
 * @throws the reason of the request's signal, for `hang`.
 */
export async function fail(failure: TestFailure, request: Request, dialect: ErrorDialect): Promise<Response> {
  if (failure instanceof Response) return failure
  if (failure === 'network')
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
    })
  if (failure === 'hang') return hang(request.signal)
  if (failure === 'cut') return cutShort()
  const { status, retryAfter } =
    typeof failure === 'number' ? { status: failure, retryAfter: undefined } : failure
  const row = ROWS.find((each) => each.status === status)
  const headers = retryAfter === undefined ? {} : { [RETRY_AFTER_HEADER]: String(retryAfter) }
  return row === undefined
    ? new Response(null, { status, headers })
    : toErrorResponse({ row, headers }, dialect)
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

function cutShort(): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"access_token":"'))
    },
    pull(controller) {
      controller.error(new TypeError('terminated'))
    },
  })
  return new Response(body)
}
