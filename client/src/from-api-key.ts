import type { ApiVersion } from '@interhuman-auth/protocol'
import { DEFAULT_API_URL } from '@interhuman-auth/protocol'
import { parseApiUrl } from './api-url.ts'
import { refuseInBrowser, type SecretInBrowserOption } from './browser.ts'
import { exchangeSource } from './exchange-source.ts'
import type { TokenFetch } from './post-json.ts'
import { requestToken } from './request-token.ts'
import { nameOf, names } from './source-identity.ts'
import type { TokenSource } from './token-source.ts'

/** What {@link fromApiKey} is told. */
export interface FromApiKeyOptions extends SecretInBrowserOption {
  readonly keyId: string
  readonly keySecret: string
  readonly scopes: readonly string[]
  /** https, or http to loopback; the published address if absent. */
  readonly apiUrl?: string | undefined
  /** `v0` if absent. */
  readonly apiVersion?: ApiVersion | undefined
  /** Bounds each exchange, in milliseconds. */
  readonly timeoutMs?: number | undefined
  /** The platform's own if absent. */
  readonly fetch?: TokenFetch<Response> | undefined
  /** Epoch milliseconds; the platform's own clock if absent. */
  readonly now?: (() => number) | undefined
}

/**
 * A source that makes one exchange for each token it is asked for. Wrap it with {@link reuse}. What is wrong with the key or
 * the scopes is a `TypeError` of its `getToken`.
 *
 * @throws {TypeError} when `apiUrl` cannot be read, and in a browser: a page's visitors read what it holds.
 * @throws {TransportError} `insecure_url` for plain http to another machine.
 */
export function fromApiKey(options: FromApiKeyOptions): TokenSource {
  refuseInBrowser(options)
  const { keyId, keySecret, apiVersion = 'v0', fetch: send = fetch, now = Date.now } = options
  const scopes = options.scopes.slice()
  const apiUrl = parseApiUrl(options.apiUrl ?? DEFAULT_API_URL)
  const parameters = { ...options, scopes, apiUrl }
  const source = exchangeSource((signal) => requestToken({ ...parameters, signal }), now)
  const scopeSet = [...new Set(scopes)].sort()
  const name = [keyId, keySecret, apiUrl, apiVersion, nameOf(send), nameOf(now), scopeSet]
  names.set(source, JSON.stringify(name))
  return source
}
