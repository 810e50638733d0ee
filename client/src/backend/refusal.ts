import {
  CORRELATION_ID_HEADER,
  DEFAULT_API_URL,
  ERROR_PAGE_PATH,
  type ErrorRow,
  formatErrorBody,
  JSON_CONTENT_TYPE,
} from '@interhuman-auth/protocol'
import { parseApiUrl } from '../api-url.ts'

/** What a refusal is made of besides its row. */
export interface RefusalContext {
  readonly correlationId: string
  readonly headers: Readonly<Record<string, string>>
  /** Whose page of errors the body links. */
  readonly apiUrl: string | undefined
}

/** An answer of the backend's own, in the v1 form of the service's errors (our contract, section 2). */
export function refusal(row: ErrorRow, { correlationId, headers, apiUrl }: RefusalContext): Response {
  const errorPage = parseApiUrl(apiUrl ?? DEFAULT_API_URL) + ERROR_PAGE_PATH
  return new Response(JSON.stringify(formatErrorBody(row, 'v1', { correlationId, errorPage })), {
    status: row.status,
    headers: {
      ...headers,
      'Content-Type': JSON_CONTENT_TYPE,
      'Cache-Control': 'no-store',
      [CORRELATION_ID_HEADER]: correlationId,
    },
  })
}
