import {
  ERRORS,
  FORM_CONTENT_TYPE,
  INTROSPECTION_PATH,
  OAUTH_REVOCATION_PATH,
  OAUTH_TOKEN_PATH,
  SERVER_METADATA_PATH,
} from '@interhuman-auth/protocol'
import {
  COMMON_ERRORS,
  errorResponses,
  getPath,
  jsonContent,
  postPath,
  response,
} from './openapi-operation.ts'

/** How a request can be authorized where it is not by its body alone, by name. */
export const SECURITY_SCHEMES = {
  clientSecretBasic: {
    type: 'http',
    scheme: 'basic',
    description:
      'The key id and the secret of an API key, each encoded as a value of a form (RFC 6749 section 2.3.1).',
  },
  verifier: {
    type: 'http',
    scheme: 'bearer',
    description: 'The secret of a verifier, made by the operator.',
  },
} as const

/** Errors of every path that takes a form. */
const FORM_ERRORS = [
  ERRORS.formContentType,
  ERRORS.formMalformed,
  ERRORS.parameterRepeated,
  ERRORS.parameterAbsent,
  ERRORS.credentialInQuery,
  ERRORS.credentialAbsent,
  ERRORS.invalidCredentials,
  ERRORS.bodyTooLarge,
  ERRORS.rateLimited,
  ERRORS.concurrencyLimited,
  ERRORS.unavailable,
  ...COMMON_ERRORS,
]

const TOKEN_ERRORS = [
  ...FORM_ERRORS,
  ERRORS.clientAuthenticationRepeated,
  ERRORS.grantTypeUnsupported,
  ERRORS.scopeRefused,
  ERRORS.quotaUsedUp,
]

const REVOCATION_ERRORS = [...FORM_ERRORS, ERRORS.clientAuthenticationRepeated, ERRORS.tokenTypeUnsupported]

/** In the header or, for which the document has no word, in the body. */
const CLIENT_SECURITY = [{ clientSecretBasic: [] }, {}]

/** The paths of the standard dialect (our contract, section 6). */
export const OAUTH_PATHS = {
  [OAUTH_TOKEN_PATH]: postPath({
    operationId: 'exchangeOAuth',
    summary: 'Exchange an API key for an access token as any OAuth 2 client does (RFC 6749 section 4.4).',
    request: 'OAuthTokenRequest',
    requestType: FORM_CONTENT_TYPE,
    security: CLIENT_SECURITY,
    answer: response('The token.', jsonContent('TokenResponse')),
    errors: errorResponses(TOKEN_ERRORS, 'ErrorOAuth'),
  }),
  [OAUTH_REVOCATION_PATH]: postPath({
    operationId: 'revokeOAuth',
    summary: 'Revoke an access token or a client token of the same key (RFC 7009).',
    request: 'OAuthRevocation',
    requestType: FORM_CONTENT_TYPE,
    security: CLIENT_SECURITY,
    answer: response('Whether or not there was one to revoke.', jsonContent('Nothing')),
    errors: errorResponses(REVOCATION_ERRORS, 'ErrorOAuth'),
  }),
  [INTROSPECTION_PATH]: postPath({
    operationId: 'introspect',
    summary: 'Ask what a credential is good for now (RFC 7662).',
    request: 'IntrospectionRequest',
    requestType: FORM_CONTENT_TYPE,
    security: [{ verifier: [] }],
    answer: response(
      'What it is good for, or that it is not active and nothing else.',
      jsonContent('Introspection'),
    ),
    errors: errorResponses(FORM_ERRORS, 'ErrorOAuth'),
  }),
  [SERVER_METADATA_PATH]: getPath(
    'getServerMetadata',
    'Where a client of OAuth 2 finds everything else (RFC 8414).',
    jsonContent('ServerMetadata'),
    [ERRORS.unavailable],
  ),
}
