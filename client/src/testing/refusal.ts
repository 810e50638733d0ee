import {
  type ApiVersion,
  CORRELATION_ID_HEADER,
  DEFAULT_API_URL,
  ERROR_PAGE_PATH,
  type ErrorRow,
  type FieldProblems,
  formatErrorBody,
  JSON_CONTENT_TYPE,
} from '@interhuman-auth/protocol'

/** A refusal on its way to its answer. */
export interface Refusal {
  readonly row: ErrorRow
  readonly headers?: Readonly<Record<string, string>>
  readonly problems?: FieldProblems
}

/** Answers with the contract's body of a row (our contract, section 2). */
export function toErrorResponse({ row, headers, problems }: Refusal, version: ApiVersion): Response {
  const correlationId = crypto.randomUUID()
  const context = { correlationId, errorPage: DEFAULT_API_URL + ERROR_PAGE_PATH }
  return new Response(
    JSON.stringify(
      formatErrorBody(row, version, problems === undefined ? context : { ...context, problems }),
    ),
    {
      status: row.status,
      headers: {
        [CORRELATION_ID_HEADER]: correlationId,
        'Content-Type': JSON_CONTENT_TYPE,
        'Cache-Control': 'no-store',
        ...headers,
      },
    },
  )
}

/** Answers 200 with a body as the service writes it. */
export function toJsonResponse(body: object): Response {
  return new Response(JSON.stringify(body), {
    headers: {
      [CORRELATION_ID_HEADER]: crypto.randomUUID(),
      'Content-Type': JSON_CONTENT_TYPE,
      'Cache-Control': 'no-store',
    },
  })
}
