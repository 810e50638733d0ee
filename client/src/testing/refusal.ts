import {
  CORRELATION_ID_HEADER,
  DEFAULT_API_URL,
  ERROR_PAGE_PATH,
  ERRORS,
  type ErrorDialect,
  type ErrorRow,
  type FieldProblems,
  formatErrorBody,
  JSON_CONTENT_TYPE,
  MAX_FIELD_PROBLEMS,
} from '@interhuman-auth/protocol'

/** A refusal on its way to its answer. */
export interface Refusal {
  readonly row: ErrorRow
  readonly headers?: Readonly<Record<string, string>>
  readonly problems?: FieldProblems
}

/** What is wrong with a field, by its name. */
export type Problem = readonly [field: string, problem: string]

/** 422 with the first words about each field, as many as the service says; `undefined` where nothing is wrong. */
export function toFieldRefusal(problems: readonly Problem[]): Refusal | undefined {
  const first = problems.filter(([field], index) => problems.findIndex(([name]) => name === field) === index)
  if (first.length === 0) return undefined
  return { row: ERRORS.fieldInvalid, problems: Object.fromEntries(first.slice(0, MAX_FIELD_PROBLEMS)) }
}

/** Answers with the contract's body of a row (our contract, section 2). */
export function toErrorResponse({ row, headers, problems }: Refusal, dialect: ErrorDialect): Response {
  const correlationId = crypto.randomUUID()
  const context = { correlationId, errorPage: DEFAULT_API_URL + ERROR_PAGE_PATH }
  return new Response(
    JSON.stringify(
      formatErrorBody(row, dialect, problems === undefined ? context : { ...context, problems }),
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
