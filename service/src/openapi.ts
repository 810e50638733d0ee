import {
  CLIENT_TOKEN_REVOCATION_PATH,
  CLIENT_TOKENS_PATH,
  ERROR_PAGE_PATH,
  ERRORS,
  JSON_CONTENT_TYPE,
  KEY_SET_PATH,
  LIVE_PATH,
  OPENAPI_PATH,
  READY_PATH,
  TOKEN_ENDPOINTS,
} from '@interhuman-auth/protocol'
import { ADMIN_SECURITY_SCHEMES, formatAdminPaths } from './openapi-admin.ts'
import { ADMIN_SCHEMAS } from './openapi-admin-schemas.ts'
import { OAUTH_PATHS, SECURITY_SCHEMES } from './openapi-oauth.ts'
import {
  COMMON_ERRORS,
  errorResponses,
  getPath,
  jsonContent,
  postPath,
  response,
} from './openapi-operation.ts'
import { REVOCATION_ACK_SCHEMA, REVOCATION_PATHS } from './openapi-revocations.ts'
import { SCHEMAS, TEXT } from './openapi-schemas.ts'
import { readVersion } from './version.ts'

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
  ERRORS.rateLimited,
  ERRORS.concurrencyLimited,
  ERRORS.unavailable,
  ...COMMON_ERRORS,
]

const EXCHANGE_ERRORS = [...KEY_ERRORS, ERRORS.scopesAbsent, ERRORS.insufficientScope, ERRORS.quotaUsedUp]
const CLIENT_TOKEN_ERRORS = [...KEY_ERRORS, ERRORS.apiKeyAbsent, ERRORS.insufficientScope, ERRORS.quotaUsedUp]
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
      ...OAUTH_PATHS,
      ...REVOCATION_PATHS,
      ...formatAdminPaths(),
      [KEY_SET_PATH]: getPath('getKeySet', 'The public signing keys (RFC 7517).', jsonContent('KeySet'), [
        ERRORS.unavailable,
      ]),
      [LIVE_PATH]: getPath('getLive', 'Whether the process lives.', jsonContent('Health')),
      [READY_PATH]: getPath('getReady', 'Whether a token can be issued now.', jsonContent('Health'), [
        ERRORS.unavailable,
      ]),
      [OPENAPI_PATH]: getPath(
        'getOpenApi',
        'This description.',
        {
          [JSON_CONTENT_TYPE]: { schema: { type: 'object' } },
        },
        [ERRORS.unavailable],
      ),
      [ERROR_PAGE_PATH]: getPath(
        'getErrorPage',
        'What each error means.',
        { 'text/html': { schema: TEXT } },
        [ERRORS.unavailable],
      ),
    },
    components: {
      schemas: { ...SCHEMAS, RevocationAck: REVOCATION_ACK_SCHEMA, ...ADMIN_SCHEMAS },
      securitySchemes: { ...SECURITY_SCHEMES, ...ADMIN_SECURITY_SCHEMES },
    },
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
