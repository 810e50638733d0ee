import type { ApiVersion, ErrorDialect } from './endpoints.ts'
import { QUOTA_USED_UP_ID, VIDEO_BUDGET_USED_UP_ID } from './final-errors.ts'
import { INSUFFICIENT_SCOPE_ID } from './stream-error.ts'

/** One row of the catalogue: what leaves the service, the guard or a gateway is built from it and from nothing else. */
export interface ErrorRow {
  /** Interhuman's id where it published one (`ih`), ours otherwise (`ia9…`). */
  readonly id: string
  /** The HTTP status. */
  readonly status: number
  /** The heading on the error page; the slug is made from it. */
  readonly title: string
  /** What the caller reads. Never holds anything that the caller sent. */
  readonly message: string
  /** The word of RFC 6749 section 5.2 or RFC 6750 section 3.1. */
  readonly oauth: string
  /** What the caller does next. */
  readonly advice: string
}

/**
 * Every error there is. `ih` ids are published by Interhuman, `ia` ids are this project's own.
 *
 * @see Our contract, section 2
 */
export const ERRORS = {
  internal: {
    id: 'ih1001',
    status: 500,
    title: 'Internal server error',
    message: 'The server failed in a way that it did not expect.',
    oauth: 'server_error',
    advice: 'Retry with backoff; if it lasts, report the correlation id.',
  },
  unavailable: {
    id: 'ih1003',
    status: 503,
    title: 'Service unavailable',
    message: 'Nothing can serve this request now. Nothing is billed.',
    oauth: 'temporarily_unavailable',
    advice: 'Retry after the time in Retry-After, or with backoff.',
  },
  invalidCredentials: {
    id: 'ih2001',
    status: 401,
    title: 'Invalid credentials',
    message: 'Unauthorized: the credential is unknown, wrong, expired, disabled or revoked.',
    oauth: 'invalid_token',
    advice: 'Check the key id and the secret, or ask for a new token. The cause is not told on purpose.',
  },
  credentialAbsent: {
    id: 'ih2002',
    status: 401,
    title: 'No credential',
    message: 'Unauthorized: the request carries no credential.',
    oauth: 'invalid_token',
    advice: 'Send `Authorization: Bearer <access token>`.',
  },
  insufficientScope: {
    id: INSUFFICIENT_SCOPE_ID,
    status: 403,
    title: 'Insufficient scope',
    message: 'Forbidden: the credential does not hold the scope that is needed.',
    oauth: 'insufficient_scope',
    advice: 'Ask for scopes that the key holds, or have its scopes widened by whoever made it.',
  },
  keySecretAbsent: {
    id: 'ih2005',
    status: 400,
    title: 'Missing key secret',
    message:
      'The `key_secret` field is absent from the request body. This field is required to authenticate your API key.',
    oauth: 'invalid_request',
    advice: 'Add `key_secret` to the body.',
  },
  clientTokenExpired: {
    id: 'ih2010',
    status: 401,
    title: 'Client token expired',
    message: 'Unauthorized: the client token has expired.',
    oauth: 'invalid_token',
    advice: 'Ask your own backend for a new client token.',
  },
  clientTokenInvalid: {
    id: 'ih2011',
    status: 401,
    title: 'Client token invalid',
    message: 'Unauthorized: the client token is not valid.',
    oauth: 'invalid_token',
    advice: 'Ask your own backend for a new client token.',
  },
  clientTokenRevoked: {
    id: 'ih2014',
    status: 401,
    title: 'Client token revoked',
    message: 'Unauthorized: the client token was revoked.',
    oauth: 'invalid_token',
    advice: 'Ask your own backend for a new client token.',
  },
  rateLimited: {
    id: 'ih3001',
    status: 429,
    title: 'Rate limit reached',
    message: 'Too many requests in a short time.',
    oauth: 'temporarily_unavailable',
    advice: 'Retry after the time in Retry-After.',
  },
  concurrencyLimited: {
    id: 'ih3002',
    status: 429,
    title: 'Too many at once',
    message: 'Too many requests or sessions at once.',
    oauth: 'temporarily_unavailable',
    advice: 'Wait until one of yours has ended.',
  },
  quotaUsedUp: {
    id: QUOTA_USED_UP_ID,
    status: 429,
    title: 'Account quota used up',
    message: 'The quota of the account is used up.',
    oauth: 'access_denied',
    advice: 'Do not retry; raise the quota.',
  },
  videoBudgetUsedUp: {
    id: VIDEO_BUDGET_USED_UP_ID,
    status: 429,
    title: 'Video budget used up',
    message: "The client token's video budget is used up.",
    oauth: 'access_denied',
    advice: 'Ask your own backend for a new client token.',
  },
  noFile: {
    id: 'ih4001',
    status: 400,
    title: 'No file',
    message: 'The request carries no file.',
    oauth: 'invalid_request',
    advice: 'Send the video as the file of the request.',
  },
  unsupportedContainer: {
    id: 'ih4002',
    status: 400,
    title: 'Unsupported container',
    message: 'The container format of the file is not supported.',
    oauth: 'invalid_request',
    advice: 'Convert the video to a supported container.',
  },
  fileTooLarge: {
    id: 'ih4003',
    status: 413,
    title: 'File too large',
    message: 'The file is larger than 32 MB.',
    oauth: 'invalid_request',
    advice: 'Send a smaller file.',
  },
  bodyNotJson: {
    id: 'ia9001',
    status: 400,
    title: 'Body is not JSON',
    message: 'The request body is not JSON in UTF-8.',
    oauth: 'invalid_request',
    advice: 'Send a JSON object.',
  },
  bodyNotObject: {
    id: 'ia9002',
    status: 400,
    title: 'Body is not a JSON object',
    message: 'The request body is JSON but not an object.',
    oauth: 'invalid_request',
    advice: 'Send a JSON object.',
  },
  wrongContentType: {
    id: 'ia9003',
    status: 400,
    title: 'Wrong content type',
    message: 'The content type of the request is absent or not `application/json`.',
    oauth: 'invalid_request',
    advice: 'Send `Content-Type: application/json`.',
  },
  keyIdAbsent: {
    id: 'ia9004',
    status: 400,
    title: 'Missing key id',
    message: 'The `key_id` field is absent from the request body.',
    oauth: 'invalid_request',
    advice: 'Add `key_id` to the body.',
  },
  scopesAbsent: {
    id: 'ia9005',
    status: 400,
    title: 'Missing scopes',
    message: 'The `scopes` field is absent from the request body.',
    oauth: 'invalid_request',
    advice: 'Add `scopes`, a list with at least one scope, to the body.',
  },
  credentialInQuery: {
    id: 'ia9006',
    status: 400,
    title: 'Credential in the query',
    message: 'The query string names a credential. An address is no place for one.',
    oauth: 'invalid_request',
    advice: 'Move it to the body, and rotate the key: addresses end up in logs.',
  },
  malformedRequest: {
    id: 'ia9007',
    status: 400,
    title: 'Malformed request',
    message: 'The request is not well-formed HTTP.',
    oauth: 'invalid_request',
    advice: 'Check what stands between you and the service; a proxy may have changed the request.',
  },
  fieldInvalid: {
    id: 'ia9008',
    status: 422,
    title: 'Invalid field',
    message: 'A field of the request body has a value that is not allowed.',
    oauth: 'invalid_scope',
    advice: 'The body says which field and what is wrong with it.',
  },
  notFound: {
    id: 'ia9009',
    status: 404,
    title: 'Not found',
    message: 'There is nothing at this path.',
    oauth: 'invalid_request',
    advice: 'Check the path.',
  },
  methodNotAllowed: {
    id: 'ia9010',
    status: 405,
    title: 'Method not allowed',
    message: 'This path does not take this method.',
    oauth: 'invalid_request',
    advice: 'Use a method that the Allow header names.',
  },
  requestTimeout: {
    id: 'ia9011',
    status: 408,
    title: 'Request timeout',
    message: 'The request did not arrive in time.',
    oauth: 'invalid_request',
    advice: 'Send the whole request at once.',
  },
  bodyTooLarge: {
    id: 'ia9012',
    status: 413,
    title: 'Body too large',
    message: 'The request body is larger than the service takes.',
    oauth: 'invalid_request',
    advice: 'Send only the fields that the request needs.',
  },
  headersTooLarge: {
    id: 'ia9013',
    status: 431,
    title: 'Headers too large',
    message: 'The headers of the request are larger than the service takes.',
    oauth: 'invalid_request',
    advice: 'Send fewer or shorter headers.',
  },
  apiKeyAbsent: {
    id: 'ia9014',
    status: 400,
    title: 'Missing API key',
    message: 'The request body holds neither `api_key` nor `key_id` and `key_secret`.',
    oauth: 'invalid_request',
    advice: 'Add `api_key`, or `key_id` and `key_secret`, to the body.',
  },
  tokenAbsent: {
    id: 'ia9015',
    status: 400,
    title: 'Missing token',
    message: 'The request body holds neither `token` nor `token_id`.',
    oauth: 'invalid_request',
    advice: 'Add `token` or `token_id` to the body.',
  },
  originRefused: {
    id: 'ia9020',
    status: 403,
    title: 'Origin refused',
    message: 'Forbidden: this origin may not ask here.',
    oauth: 'access_denied',
    advice: 'Ask from a page of an allowed origin; whoever runs the backend can name more.',
  },
  formContentType: {
    id: 'ia9030',
    status: 400,
    title: 'Not a form',
    message: 'The content type of the request is absent or not `application/x-www-form-urlencoded`.',
    oauth: 'invalid_request',
    advice: 'Send `Content-Type: application/x-www-form-urlencoded` and the parameters in the body.',
  },
  formMalformed: {
    id: 'ia9031',
    status: 400,
    title: 'Malformed form',
    message: 'The parameters cannot be decoded as a form in UTF-8.',
    oauth: 'invalid_request',
    advice: 'Let a library write the form; a percent sign in a value is written `%25`.',
  },
  parameterRepeated: {
    id: 'ia9032',
    status: 400,
    title: 'Repeated parameter',
    message: 'A parameter stands more than once in the request.',
    oauth: 'invalid_request',
    advice: 'Send each parameter once, in the body only. Scopes go into one `scope`, separated by spaces.',
  },
  parameterAbsent: {
    id: 'ia9033',
    status: 400,
    title: 'Missing parameter',
    message: 'A parameter that is needed is absent or empty.',
    oauth: 'invalid_request',
    advice: 'Add the parameter that the message names to the body.',
  },
  grantTypeUnsupported: {
    id: 'ia9034',
    status: 400,
    title: 'Unsupported grant type',
    message: 'The only grant type that is taken is `client_credentials`.',
    oauth: 'unsupported_grant_type',
    advice: 'Send `grant_type=client_credentials` with the key id and the secret of an API key.',
  },
  clientAuthenticationRepeated: {
    id: 'ia9035',
    status: 400,
    title: 'Two client authentications',
    message: 'The request authenticates its client in two ways.',
    oauth: 'invalid_request',
    advice: 'Send the credential in the Authorization header or in the body, and not in both.',
  },
  scopeRefused: {
    id: 'ia9036',
    status: 400,
    title: 'Invalid scope',
    message: 'The scope is absent, malformed, unknown or not held by the key.',
    oauth: 'invalid_scope',
    advice: 'Send `scope` with scopes that the key holds, separated by one space each.',
  },
  tokenTypeUnsupported: {
    id: 'ia9037',
    status: 400,
    title: 'Unsupported token type',
    message: 'Only access tokens and client tokens are revoked here; nothing was revoked.',
    oauth: 'unsupported_token_type',
    advice: 'Have the API key or the other credential revoked by whoever runs the service.',
  },
  adminSubjectAbsent: {
    id: 'ia9040',
    status: 404,
    title: 'No such thing',
    message: 'There is nothing of this id.',
    oauth: 'invalid_request',
    advice: 'List what there is, and check the id.',
  },
  revokedForEver: {
    id: 'ia9041',
    status: 409,
    title: 'Revoked for ever',
    message: 'What is revoked cannot be changed.',
    oauth: 'invalid_request',
    advice: 'Create another one.',
  },
  twoSecretsLive: {
    id: 'ia9042',
    status: 409,
    title: 'Two living secrets',
    message: 'Two secrets are alive already; a third can come when the older one has ended.',
    oauth: 'invalid_request',
    advice: 'End the overlap, wait for it, or rotate with an overlap of 0.',
  },
  oneSecretLives: {
    id: 'ia9043',
    status: 409,
    title: 'No overlap',
    message: 'There is one living secret, so that there is no overlap to end.',
    oauth: 'invalid_request',
    advice: 'Rotate first.',
  },
  oldSecretInUse: {
    id: 'ia9044',
    status: 409,
    title: 'Older secret in use',
    message: 'The older secret was used lately; whoever uses it would be refused.',
    oauth: 'invalid_request',
    advice: 'Read the key to see who uses it; to end it all the same, send `force`.',
  },
  nextKeyNotPublished: {
    id: 'ia9045',
    status: 409,
    title: 'Next signing key not published',
    message: 'The next signing key is not known to every guard yet.',
    oauth: 'invalid_request',
    advice: 'Retry after the time in Retry-After; to rotate all the same, send `now`.',
  },
  idempotencyKeyMalformed: {
    id: 'ia9046',
    status: 400,
    title: 'Malformed idempotency key',
    message: 'The `Idempotency-Key` header is not 1 to 255 visible characters of ASCII.',
    oauth: 'invalid_request',
    advice: 'Send a random UUID, a new one for each new request.',
  },
  idempotencyKeyReused: {
    id: 'ia9047',
    status: 422,
    title: 'Idempotency key of another request',
    message: 'This `Idempotency-Key` came with another request before.',
    oauth: 'invalid_request',
    advice: 'Send a new key with a new request, and the same one only when the same request is sent again.',
  },
  queryInvalid: {
    id: 'ia9048',
    status: 400,
    title: 'Invalid query',
    message: 'A parameter of the query is unknown or has a value that is not allowed.',
    oauth: 'invalid_request',
    advice: 'The message says which parameter and what is wrong with it.',
  },
  proxyForeignHost: {
    id: 'ia9101',
    status: 403,
    title: 'Foreign host',
    message: 'Forbidden: the request names a host that is not this proxy.',
    oauth: 'access_denied',
    advice:
      'Use the base URL that the proxy printed, as it is. A web page that was made to point here gets nothing.',
  },
  proxyForeignOrigin: {
    id: 'ia9102',
    status: 403,
    title: 'Foreign origin',
    message: 'Forbidden: the request comes from a web page that this proxy was not opened to.',
    oauth: 'access_denied',
    advice: "If the page is yours, start the proxy with `--allow-origin` and the page's own origin.",
  },
  proxySecretAbsent: {
    id: 'ia9103',
    status: 403,
    title: 'Proxy secret absent',
    message: 'Forbidden: the path does not begin with the secret of this proxy.',
    oauth: 'access_denied',
    advice: 'Use the whole base URL that the proxy printed; a tool that drops its path needs `--no-secret`.',
  },
  proxyPathRefused: {
    id: 'ia9104',
    status: 404,
    title: 'Path not forwarded',
    message: 'This proxy does not forward this path.',
    oauth: 'invalid_request',
    advice: 'Check the path. One that the proxy does not know is opened with `--allow-path`.',
  },
  proxyTokenAbsent: {
    id: 'ia9105',
    status: 502,
    title: 'No token for the request',
    message: 'The proxy could not get a token, so nothing was sent on.',
    oauth: 'temporarily_unavailable',
    advice: 'The proxy says why on its standard error; `interhuman-auth check --online` tries the key.',
  },
  proxyUpstreamFailed: {
    id: 'ia9106',
    status: 502,
    title: 'API not reached',
    message: 'The API could not be reached, or what answered cannot be read.',
    oauth: 'temporarily_unavailable',
    advice: 'Check the network and the address of the key. The request may have arrived all the same.',
  },
  proxyUpstreamTimeout: {
    id: 'ia9107',
    status: 504,
    title: 'API did not answer in time',
    message: 'The API did not take the request or did not answer it in time.',
    oauth: 'temporarily_unavailable',
    advice: 'Try again later. The request may have arrived all the same.',
  },
} as const satisfies Record<string, ErrorRow>

/** The name of a row of {@link ERRORS}. */
export type ErrorName = keyof typeof ERRORS

/** What is wrong with a field of a request: `scopes[1]` → `is not a known scope`. Never holds the value. */
export type FieldProblems = Readonly<Record<string, string>>

/** More than this many wrong fields are not told: an answer must not grow with the request. */
export const MAX_FIELD_PROBLEMS = 8

/** What makes an error body out of a row. */
export interface ErrorContext {
  readonly correlationId: string
  /** The address of the page with one heading an id. */
  readonly errorPage: string
  /** Only with a 422, and with a parameter that is absent. */
  readonly problems?: FieldProblems
  /** The OAuth word where it is not the row's: a credential is a client's in one place and a token in another. */
  readonly oauth?: string | undefined
}

/** The v1 error body, fields in this order (our contract, section 2). */
export interface ErrorBodyV1 {
  readonly error_id: string
  readonly correlation_id: string
  readonly link: string
  readonly message: string
}

/** The v0 error body: the specification's three fields, then those of v1, in this order (our contract, section 2). */
export interface ErrorBodyV0 extends ErrorBodyV1 {
  readonly detail: string
  readonly status_code: number
  readonly extra: FieldProblems
}

/**
 * The error body of the standard dialect: the three members of RFC 6749 section 5.2, where `error_uri` is the `link` and
 * `error_description` the `message` of the other bodies, then the two that only those have (our contract, section 6).
 */
export interface ErrorBodyOAuth {
  readonly error: string
  readonly error_description: string
  readonly error_uri: string
  readonly error_id: string
  readonly correlation_id: string
}

/** Writes a row's slug: the id and the title in kebab case. */
export function errorSlug(row: ErrorRow): string {
  const title = row.title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return `${row.id}-${title}`
}

/** Writes the `link` of an error body. */
export function formatErrorLink(row: ErrorRow, errorPage: string): string {
  return `${errorPage}#${errorSlug(row)}`
}

/** Writes an error body in the dialect of an API version. */
export function formatErrorBody(
  row: ErrorRow,
  dialect: ApiVersion,
  context: ErrorContext,
): ErrorBodyV0 | ErrorBodyV1
/** Writes an error body in any dialect. */
export function formatErrorBody(
  row: ErrorRow,
  dialect: ErrorDialect,
  context: ErrorContext,
): ErrorBodyV0 | ErrorBodyV1 | ErrorBodyOAuth
export function formatErrorBody(
  row: ErrorRow,
  dialect: ErrorDialect,
  context: ErrorContext,
): ErrorBodyV0 | ErrorBodyV1 | ErrorBodyOAuth {
  const problems = context.problems ?? {}
  const message = formatMessage(row.message, problems)
  const link = formatErrorLink(row, context.errorPage)
  const ids = { error_id: row.id, correlation_id: context.correlationId }
  if (dialect === 'oauth')
    return { error: context.oauth ?? row.oauth, error_description: message, error_uri: link, ...ids }
  const body: ErrorBodyV1 = { ...ids, link, message }
  if (dialect === 'v1') return body
  return { detail: message, status_code: row.status, extra: problems, ...body }
}

function formatMessage(message: string, problems: FieldProblems): string {
  const listed = Object.entries(problems).map(([field, problem]) => `\`${field}\` ${problem}`)
  return listed.length === 0 ? message : `${message} ${listed.join('; ')}.`
}
