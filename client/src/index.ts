export { parseApiUrl } from './api-url.ts'
export {
  DEFAULT_TIMEOUT_MS,
  type RequestTokenParameters,
  requestToken,
  type TokenFetch,
  type TokenRequestInit,
} from './request-token.ts'
export { TRANSPORT_ERROR_CODES, TransportError, type TransportErrorCode } from './transport-error.ts'
