export { AccessToken, type AccessTokenParts } from './access-token.ts'
export { parseApiUrl } from './api-url.ts'
export { allowSecretInBrowser } from './browser.ts'
export type { Clock } from './clock.ts'
export { type CreateFetchOptions, createFetch, type Fetch } from './create-fetch.ts'
export { type FromApiKeyOptions, fromApiKey } from './from-api-key.ts'
export { type FromBackendOptions, fromBackend } from './from-backend.ts'
export type { PostOptions, TokenFetch, TokenRequestInit } from './post-json.ts'
export { type ReadTokenOptions, readToken, type TokenAnswer } from './read-token.ts'
export { type RequestTokenParameters, requestToken } from './request-token.ts'
export {
  type RefusalCode,
  RefusalError,
  type ResponseErrorDetails,
  type UnexpectedResponseCode,
  UnexpectedResponseError,
} from './response-error.ts'
export { type ReusedTokenSource, type ReuseOptions, reuse } from './reuse.ts'
export type { ReuseEvent } from './shared-token.ts'
export type { GetTokenOptions, TokenSource } from './token-source.ts'
export { TransportError, type TransportErrorCode } from './transport-error.ts'
