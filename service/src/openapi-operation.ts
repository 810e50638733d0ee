import {
  CLIENT_REQUEST_ID_HEADER,
  CORRELATION_ID_HEADER,
  ERRORS,
  type ErrorRow,
  JSON_CONTENT_TYPE,
} from '@interhuman-auth/protocol'
import { TEXT, UUID } from './openapi-schemas.ts'

/** Errors that any path can answer with. */
export const COMMON_ERRORS = [
  ERRORS.malformedRequest,
  ERRORS.requestTimeout,
  ERRORS.headersTooLarge,
  ERRORS.internal,
]

/** A POST, as the document has it. */
export interface PostOperation {
  readonly operationId: string
  readonly summary: string
  /** The name of the body's schema. */
  readonly request: string
  /** JSON unless told. */
  readonly requestType?: string
  /** How it can be authorized, one of these, as the document has it; not at all unless told. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  readonly answer: object
  readonly errors: Readonly<Record<string, object>>
}

/** Describes a path that takes a POST. */
export function postPath(operation: PostOperation): object {
  const {
    operationId,
    summary,
    request,
    requestType = JSON_CONTENT_TYPE,
    security,
    answer,
    errors,
  } = operation
  return {
    post: {
      operationId,
      summary,
      ...(security !== undefined && { security }),
      parameters: [
        {
          name: CLIENT_REQUEST_ID_HEADER,
          in: 'header',
          required: false,
          schema: TEXT,
          description: 'An id of your own; logged, never echoed.',
        },
      ],
      requestBody: {
        required: true,
        content: { [requestType]: { schema: { $ref: `#/components/schemas/${request}` } } },
      },
      responses: { 200: answer, ...errors },
    },
  }
}

/** Describes a path that takes a GET. */
export function getPath(
  operationId: string,
  summary: string,
  content: object,
  errors: readonly ErrorRow[] = [],
): object {
  return {
    get: {
      operationId,
      summary,
      responses: {
        200: response(summary, content),
        ...errorResponses([...errors, ...COMMON_ERRORS], 'ErrorV1'),
      },
    },
  }
}

/** Describes the answers of errors, one a status, in the body of a dialect. */
export function errorResponses(rows: readonly ErrorRow[], schema: string): Record<string, object> {
  const byStatus = Map.groupBy(rows, (row) => row.status)
  return Object.fromEntries(
    [...byStatus].map(([status, sameStatus]) => [
      status,
      response(sameStatus.map((row) => `${row.id} ${row.title}`).join('; '), jsonContent(schema)),
    ]),
  )
}

/** Describes an answer. */
export function response(description: string, content: object): object {
  return { description, headers: { [CORRELATION_ID_HEADER]: { schema: UUID } }, content }
}

/** Describes a body in JSON by the name of its schema. */
export function jsonContent(schema: string): object {
  return { [JSON_CONTENT_TYPE]: { schema: { $ref: `#/components/schemas/${schema}` } } }
}
