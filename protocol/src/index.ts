export { ADMIN_PATHS } from './admin-endpoints.ts'
export { ALGORITHMS, type Algorithm, isAlgorithm } from './algorithms.ts'
export {
  B64TOKEN,
  BEARER_SUBPROTOCOL,
  type BearerReading,
  type ChallengeError,
  formatChallenge,
  readBearer,
  readSubprotocolBearer,
  type SubprotocolReading,
} from './bearer.ts'
export {
  ACCESS_TOKEN_TYPE,
  type AccessTokenClaims,
  type AccessTokenGrant,
  type CheckedClaims,
  type ClaimExpectations,
  type ClaimProblem,
  checkAccessTokenClaims,
  formatAccessTokenClaims,
  MAX_CLOCK_SKEW_SECONDS,
} from './claims.ts'
export {
  type ClientTokenRequest,
  type ClientTokenRequestParameters,
  type ClientTokenResponse,
  type ClientTokenRevocationRequest,
  DEFAULT_CLIENT_TOKEN_LIFETIME_SECONDS,
  DEFAULT_CLIENT_TOKEN_SCOPES,
  formatClientTokenRequest,
  formatClientTokenResponse,
  type IssuedClientToken,
  type KeyCredentialWire,
  MAX_CLIENT_TOKEN_LIFETIME_SECONDS,
  MIN_CLIENT_TOKEN_LIFETIME_SECONDS,
} from './client-token.ts'
export {
  type ClientTokenCaps,
  type ClientTokenCapsWire,
  DEFAULT_MAX_CONCURRENT,
  formatClientTokenCaps,
  isAllowedOrigin,
  MAX_ALLOWED_ORIGINS,
  MAX_ORIGIN_LENGTH,
  parseClientTokenCaps,
  toClientTokenCaps,
} from './client-token-caps.ts'
export {
  type CheckedClientTokenClaims,
  CLIENT_TOKEN_TYPE,
  type ClientTokenClaims,
  type ClientTokenGrant,
  checkClientTokenClaims,
  formatClientTokenClaims,
} from './client-token-claims.ts'
export { ADMIN_TOKEN_PREFIX, KEY_SECRET_PREFIX, VERIFIER_PREFIX } from './credential-prefixes.ts'
export {
  API_VERSIONS,
  type ApiVersion,
  CLIENT_TOKEN_REVOCATION_PATH,
  CLIENT_TOKENS_PATH,
  DEFAULT_API_URL,
  ERROR_PAGE_PATH,
  type ErrorDialect,
  errorDialect,
  findProtectedResource,
  findResource,
  INTROSPECTION_PATH,
  isApiVersion,
  KEY_SET_PATH,
  LIVE_PATH,
  METRICS_PATH,
  OAUTH_REVOCATION_PATH,
  OAUTH_TOKEN_PATH,
  OPENAPI_PATH,
  PROTECTED_RESOURCES,
  type ProtectedResource,
  READY_PATH,
  REVOCATION_ACK_PATH,
  REVOCATIONS_PATH,
  SERVER_METADATA_PATH,
  TOKEN_ENDPOINTS,
} from './endpoints.ts'
export { ERROR_ID } from './error-id.ts'
export {
  ERRORS,
  type ErrorBodyOAuth,
  type ErrorBodyV0,
  type ErrorBodyV1,
  type ErrorContext,
  type ErrorName,
  type ErrorRow,
  errorSlug,
  type FieldProblems,
  formatErrorBody,
  formatErrorLink,
  MAX_FIELD_PROBLEMS,
} from './errors.ts'
export { FINAL_ERROR_IDS } from './final-errors.ts'
export {
  AUTHORIZATION_HEADER,
  CHALLENGE_HEADER,
  CLIENT_REQUEST_ID_HEADER,
  CORRELATION_ID_HEADER,
  EVENT_STREAM_CONTENT_TYPE,
  FETCH_SITE_HEADER,
  FORM_CONTENT_TYPE,
  FORWARDED_FOR_HEADER,
  IDEMPOTENCY_KEY_HEADER,
  IDEMPOTENCY_REPLAYED_HEADER,
  JSON_CONTENT_TYPE,
  LAST_EVENT_ID_HEADER,
  ORIGIN_HEADER,
  RETRY_AFTER_HEADER,
  SUBPROTOCOL_HEADER,
} from './headers.ts'
export {
  type ActiveIntrospectionResponse,
  API_KEY_TOKEN_TYPE,
  type IntrospectionResponse,
  parseIntrospectionResponse,
} from './introspection.ts'
export { type KeySet, type PublicEcKey, type PublicJwk, type PublicOkpKey, parseKeySet } from './key-set.ts'
export { isLoopback } from './loopback.ts'
export {
  type FeedHeartbeat,
  type FeedPosition,
  type FeedReady,
  formatFeedPosition,
  formatRevocationAck,
  formatRevocationEvent,
  MAX_FEED_NAME_LENGTH,
  type ParsedRevocationEvent,
  parseFeedPosition,
  parseRevocationAck,
  parseRevocationEvent,
  type RevocationAckRequest,
  type RevocationChange,
  type RevocationEvent,
} from './revocation-event.ts'
export {
  formatScope,
  isScope,
  parseScope,
  SCOPES,
  type Scope,
  STREAM_SCOPE,
  UPLOAD_SCOPE,
  uniqueScopes,
} from './scopes.ts'
export {
  INSUFFICIENT_SCOPE_ID,
  parseStreamError,
  STREAM_CLOSE_CODES,
  type StreamError,
} from './stream-error.ts'
export {
  ACCESS_TOKEN_LIFETIME_SECONDS,
  formatTokenRequest,
  formatTokenResponse,
  MAX_TOKEN_LENGTH,
  TOKEN_TYPE,
  type TokenRequest,
  type TokenRequestParameters,
  type TokenResponse,
} from './token.ts'
