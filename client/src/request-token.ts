import {
  type ApiVersion,
  DEFAULT_API_URL,
  formatTokenRequest,
  TOKEN_ENDPOINTS,
} from '@interhuman-auth/protocol'
import { parseApiUrl } from './api-url.ts'
import { refuseInBrowser, type SecretInBrowserOption } from './browser.ts'
import { check } from './check.ts'
import { type PostOptions, postJson } from './post-json.ts'

/** What {@link requestToken} is told. */
export interface RequestTokenParameters<R = Response> extends PostOptions<R>, SecretInBrowserOption {
  readonly keyId: string
  readonly keySecret: string
  /** Sent in this order, as they are. */
  readonly scopes: readonly string[]
  /** https, or http to loopback; a path before the endpoints is kept. The published address if absent. */
  readonly apiUrl?: string | undefined
  /** `v0` if absent. */
  readonly apiVersion?: ApiVersion | undefined
}

const isText = (value: unknown) => typeof value === 'string' && value

/**
 * Exchanges an API key for an access token, strictly: one POST, and the answer handed back as it came, whatever its
 * status, not read, not parsed, not retried. No redirect is followed.
 *
 * Three things are the platform's: by the Fetch standard Node's fetch sends a second time after a 421, and gives no
 * response for a 407; with `NODE_USE_ENV_PROXY` it sends through the proxy that the environment names, plain http to
 * loopback as well unless `NO_PROXY` names that. Whoever minds hands in another `fetch`, as the command does.
 *
 * @throws {TypeError} when a parameter is not what its type says, and in a page of a browser, whose visitors read what it
 *   holds, unless {@link allowSecretInBrowser} is given. The message never repeats a parameter.
 * @throws {TransportError} when the service could not be reached or is not trusted. When the time is up while the body is
 *   read, reading it throws this as well (`timeout`).
 * @see Our contract, sections 1 and 8
 */
export async function requestToken<R extends { readonly status: number } = Response>(
  parameters: RequestTokenParameters<R>,
): Promise<R> {
  const { keyId, keySecret, scopes, apiVersion = 'v0' } = parameters
  refuseInBrowser(parameters)
  check('keyId', isText(keyId))
  check('keySecret', isText(keySecret))
  check('scopes', scopes?.[0] && scopes.every?.(isText))
  check('apiVersion', isText(TOKEN_ENDPOINTS[apiVersion]))
  return postJson(
    parseApiUrl(parameters.apiUrl ?? DEFAULT_API_URL) + TOKEN_ENDPOINTS[apiVersion],
    formatTokenRequest(parameters),
    parameters,
  )
}
