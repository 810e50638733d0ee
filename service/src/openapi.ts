import {
  ALGORITHMS,
  CLIENT_REQUEST_ID_HEADER,
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
  TOKEN_TYPE,
} from '@interhuman-auth/protocol'
import { TOKEN_REQUEST_SCHEMA } from './auth-request.ts'
import { readVersion } from './version.ts'

const TEXT = { type: 'string' } as const
const UUID = { type: 'string', format: 'uuid' } as const

const ERROR_V1_PROPERTIES = {
  error_id: { type: 'string', description: `The error, as explained at \`${ERROR_PAGE_PATH}\`.` },
  correlation_id: UUID,
  link: { type: 'string', format: 'uri' },
  message: TEXT,
}

const SCHEMAS = {
  TokenRequest: TOKEN_REQUEST_SCHEMA,
  TokenResponse: closed({
    access_token: { type: 'string', description: 'Opaque to its holder.' },
    token_type: { const: TOKEN_TYPE },
    expires_in: { type: 'integer', description: 'Seconds from the answer on.' },
    scope: { type: 'string', description: 'The granted scopes, space-separated, in the order asked.' },
  }),
  ErrorV0: closed({
    detail: TEXT,
    status_code: { type: 'integer' },
    extra: {
      type: 'object',
      additionalProperties: TEXT,
      description: 'With a 422: what is wrong with which field.',
    },
    ...ERROR_V1_PROPERTIES,
  }),
  ErrorV1: closed(ERROR_V1_PROPERTIES),
  KeySet: closed({ keys: { type: 'array', items: { $ref: '#/components/schemas/PublicKey' } } }),
  PublicKey: {
    type: 'object',
    required: ['kty', 'crv', 'alg', 'use', 'kid', 'x'],
    properties: {
      kty: { enum: ['EC', 'OKP'] },
      crv: { enum: ['P-256', 'Ed25519'] },
      alg: { enum: ALGORITHMS.filter((algorithm) => algorithm !== 'HS256') },
      use: { const: 'sig' },
      kid: TEXT,
      x: TEXT,
      y: TEXT,
    },
    additionalProperties: false,
  },
  Health: closed({ status: { const: 'ok' } }),
}

/** Errors that any path can answer with. */
const COMMON_ERRORS = [
  ERRORS.malformedRequest,
  ERRORS.requestTimeout,
  ERRORS.headersTooLarge,
  ERRORS.internal,
]

const EXCHANGE_ERRORS = [
  ERRORS.bodyNotJson,
  ERRORS.bodyNotObject,
  ERRORS.wrongContentType,
  ERRORS.keyIdAbsent,
  ERRORS.keySecretAbsent,
  ERRORS.scopesAbsent,
  ERRORS.credentialInQuery,
  ERRORS.invalidCredentials,
  ERRORS.insufficientScope,
  ERRORS.bodyTooLarge,
  ERRORS.fieldInvalid,
  ERRORS.unavailable,
  ...COMMON_ERRORS,
]

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
  return {
    post: {
      operationId,
      summary: 'Exchange an API key for an access token.',
      parameters: [
        {
          name: CLIENT_REQUEST_ID_HEADER,
          in: 'header',
          required: false,
          schema: TEXT,
          description: 'An id of your own; logged, never echoed.',
        },
      ],
      requestBody: { required: true, content: jsonContent('TokenRequest') },
      responses: {
        200: response('The token.', jsonContent('TokenResponse')),
        ...errorResponses(EXCHANGE_ERRORS, errorSchema),
      },
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

function closed(properties: Record<string, object>): object {
  return { type: 'object', required: Object.keys(properties), properties, additionalProperties: false }
}
