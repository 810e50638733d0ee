// The strict exchange and nothing of what is built on it, for programs whose start counts: an entry of its own, as Node
// loads the whole of what an entry names.
export { parseApiUrl } from '../api-url.ts'
export { allowSecretInBrowser } from '../browser.ts'
export { DEFAULT_TIMEOUT_MS } from '../limits.ts'
export type { TokenFetch, TokenRequestInit } from '../post-json.ts'
export { type RequestTokenParameters, requestToken } from '../request-token.ts'
export { TransportError, type TransportErrorCode } from '../transport-error.ts'
