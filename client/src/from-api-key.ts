import type { ApiVersion } from '@interhuman-auth/protocol'
import { DEFAULT_API_URL } from '@interhuman-auth/protocol'
import { parseApiUrl } from './api-url.ts'
import type { TokenFetch } from './post-json.ts'
import { readToken } from './read-token.ts'
import { requestToken } from './request-token.ts'
import { identify, numberOf } from './source-identity.ts'
import type { GetTokenOptions, TokenSource } from './token-source.ts'

/** The option that lets {@link fromApiKey} run in a browser. Every visitor can then read the secret. */
export const allowSecretInBrowser: unique symbol = Symbol('allow a key secret in a browser')

/** What {@link fromApiKey} is told. */
export interface FromApiKeyOptions {
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
  readonly [allowSecretInBrowser]?: true | undefined
}

/**
 * A source that makes one exchange for each token it is asked for. Wrap it with {@link reuse}.
 *
 * @throws {TypeError} when an option is not what its type says, and in a browser: a page's visitors read what it holds.
 * @throws {TransportError} `insecure_url` for plain http to another machine.
 */
export function fromApiKey(options: FromApiKeyOptions): TokenSource {
  if (isBrowser() && options[allowSecretInBrowser] !== true)
    throw new TypeError(
      'a key secret must not be in a browser: use fromBackend, and let your backend ask for the token',
    )
  const { now = Date.now, scopes, apiUrl = DEFAULT_API_URL, ...exchange } = options
  const parameters = { ...exchange, scopes: [...scopes], apiUrl: parseApiUrl(apiUrl) }
  const source: TokenSource = Object.freeze({
    async getToken({ signal }: GetTokenOptions = {}) {
      const requestedAtMs = now()
      return readToken(await requestToken({ ...parameters, signal }), { requestedAtMs })
    },
  })
  const { keyId, keySecret, apiVersion, fetch = globalThis.fetch } = exchange
  const scopeSet = [...new Set(scopes)].sort()
  const name = [keyId, keySecret, parameters.apiUrl, apiVersion ?? 'v0', numberOf(now), scopeSet]
  return identify(source, { owner: fetch, name: JSON.stringify(name) })
}

function isBrowser(): boolean {
  const { document, process } = globalThis as {
    document?: unknown
    process?: { versions?: { node?: unknown } }
  }
  return document !== undefined && process?.versions?.node === undefined
}
