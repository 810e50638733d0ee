import {
  CLIENT_REQUEST_ID_HEADER,
  CLIENT_TOKEN_REVOCATION_PATH,
  CLIENT_TOKENS_PATH,
  CORRELATION_ID_HEADER,
  ERROR_PAGE_PATH,
  ERRORS,
  type ErrorRow,
  JSON_CONTENT_TYPE,
  KEY_SET_PATH,
  LIVE_PATH,
  OPENAPI_PATH,
  READY_PATH,
  TOKEN_ENDPOINTS,
} from '@interhuman-auth/protocol'
import { SCHEMAS, TEXT, UUID } from './openapi-schemas.ts'
import { readVersion } from './version.ts'

/** Errors that any path can answer with. */
const COMMON_ERRORS = [
  ERRORS.malformedRequest,
  ERRORS.requestTimeout,
  ERRORS.headersTooLarge,
  ERRORS.internal,
]

/** Errors of every path that takes an API key in its body. */
const KEY_ERRORS = [
  ERRORS.bodyNotJson,
  ERRORS.bodyNotObject,
  ERRORS.wrongContentType,
  ERRORS.keyIdAbsent,
  ERRORS.keySecretAbsent,
  ERRORS.credentialInQuery,
  ERRORS.invalidCredentials,
  ERRORS.bodyTooLarge,
  ERRORS.fieldInvalid,
  ERRORS.unavailable,
  ...COMMON_ERRORS,
]

const EXCHANGE_ERRORS = [...KEY_ERRORS, ERRORS.scopesAbsent, ERRORS.insufficientScope]
const CLIENT_TOKEN_ERRORS = [...KEY_ERRORS, ERRORS.apiKeyAbsent, ERRORS.insufficientScope]
const REVOCATION_ERRORS = [...KEY_ERRORS, ERRORS.apiKeyAbsent, ERRORS.tokenAbsent]

/** Writes the description of the service's HTTP interface, OpenAPI 3.1, from the schemas that check the requests. */
export function formatOpenApi(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Interhuman Authentication',
      version: readVersion(),
      description:
        'Exchanges an API key for a bearer token that lives 15 minutes. An independent implementation, not affiliated with Interhuman.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [],
    paths: {
      [TOKEN_ENDPOINTS.v0]: exchangePath('exchangeV0', 'ErrorV0'),
      [TOKEN_ENDPOINTS.v1]: exchangePath('exchangeV1', 'ErrorV1'),
      [CLIENT_TOKENS_PATH]: postPath({
        operationId: 'issueClientToken',
        summary: 'Get a client token, for a browser to hold, from a server.',
        request: 'ClientTokenRequest',
        answer: response('The token, and the caps in force.', jsonContent('ClientTokenResponse')),
        errors: errorResponses(CLIENT_TOKEN_ERRORS, 'ErrorV1'),
      }),
      [CLIENT_TOKEN_REVOCATION_PATH]: postPath({
        operationId: 'revokeClientToken',
        summary: 'Revoke a client token of the same key.',
        request: 'ClientTokenRevocation',
        answer: response('Whether or not there was one to revoke (RFC 7009).', jsonContent('Nothing')),
        errors: errorResponses(REVOCATION_ERRORS, 'ErrorV1'),
      }),
      [KEY_SET_PATH]: getPath('getKeySet', 'The public signing keys (RFC 7517).', jsonContent('KeySet')),
      [LIVE_PATH]: getPath('getLive', 'Whether the process lives.', jsonContent('Health')),
      [READY_PATH]: getPath('getReady', 'Whether a token can be issued now.', jsonContent('Health'), [
        ERRORS.unavailable,
      ]),
      [OPENAPI_PATH]: getPath('getOpenApi', 'This description.', {
        [JSON_CONTENT_TYPE]: { schema: { type: 'object' } },
      }),
      [ERROR_PAGE_PATH]: getPath('getErrorPage', 'What each error means.', { 'text/html': { schema: TEXT } }),
    },
    components: { schemas: SCHEMAS },
  }
}

function exchangePath(operationId: string, errorSchema: string): object {
  return postPath({
    operationId,
    summary: 'Exchange an API key for an access token.',
    request: 'TokenRequest',
    answer: response('The token.', jsonContent('TokenResponse')),
    errors: errorResponses(EXCHANGE_ERRORS, errorSchema),
  })
}

interface PostOperation {
  readonly operationId: string
  readonly summary: string
  /** The name of the body's schema. */
  readonly request: string
  readonly answer: object
  readonly errors: Readonly<Record<string, object>>
}

function postPath({ operationId, summary, request, answer, errors }: PostOperation): object {
  return {
    post: {
      operationId,
      summary,
      parameters: [
        {
          name: CLIENT_REQUEST_ID_HEADER,
          in: 'header',
          required: false,
          schema: TEXT,
          description: 'An id of your own; logged, never echoed.',
        },
      ],
      requestBody: { required: true, content: jsonContent(request) },
      responses: { 200: answer, ...errors },
    },
  }
}

function getPath(
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

function errorResponses(rows: readonly ErrorRow[], schema: string): Record<string, object> {
  const byStatus = Map.groupBy(rows, (row) => row.status)
  return Object.fromEntries(
    [...byStatus].map(([status, sameStatus]) => [
      status,
      response(sameStatus.map((row) => `${row.id} ${row.title}`).join('; '), jsonContent(schema)),
    ]),
  )
}

function response(description: string, content: object): object {
  return { description, headers: { [CORRELATION_ID_HEADER]: { schema: UUID } }, content }
}

function jsonContent(schema: string): object {
  return { [JSON_CONTENT_TYPE]: { schema: { $ref: `#/components/schemas/${schema}` } } }
}
