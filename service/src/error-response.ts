import {
  CORRELATION_ID_HEADER,
  errorDialect,
  formatErrorBody,
  JSON_CONTENT_TYPE,
} from '@interhuman-auth/protocol'
import type { ApiError } from './api-error.ts'

/** An error as it leaves: status, headers, body. */
export interface ErrorResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Builds the answer of an error: the one place that decides what leaves the service.
 *
 * @param path the request's path, or `undefined` where it never became known; it chooses the body's dialect.
 * @see Our contract, section 2; RFC 6749 section 5.2
 */
export function formatErrorResponse(
  error: ApiError,
  path: string | undefined,
  context: { readonly correlationId: string; readonly errorPage: string },
): ErrorResponse {
  const { row, problems, oauth } = error
  const dialect = errorDialect(path ?? '')
  return {
    status: row.status,
    headers: {
      [CORRELATION_ID_HEADER]: context.correlationId,
      'Content-Type': JSON_CONTENT_TYPE,
      'Cache-Control': 'no-store',
      ...(dialect === 'oauth' && { Pragma: 'no-cache' }),
      ...error.headers,
    },
    body: JSON.stringify(formatErrorBody(row, dialect, { ...context, problems, oauth })),
  }
}
