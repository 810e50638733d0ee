import {
  CLIENT_TOKENS_PATH,
  type ClientTokenRequestParameters,
  DEFAULT_API_URL,
  formatClientTokenRequest,
} from '@interhuman-auth/protocol'
import { parseApiUrl } from '../api-url.ts'
import { refuseInBrowser, type SecretInBrowserOption } from '../browser.ts'
import { check } from '../check.ts'
import { type PostOptions, postJson } from '../post-json.ts'

/** What {@link requestClientToken} is told. */
export interface RequestClientTokenParameters<R = Response>
  extends ClientTokenRequestParameters,
    PostOptions<R>,
    SecretInBrowserOption {
  /** https, or http to loopback; the published address if absent. */
  readonly apiUrl?: string | undefined
}

/**
 * Asks for a client token, strictly: one POST, and the answer handed back as it came, whatever its status.
 *
 * @throws {TypeError} in a page of a browser, whose visitors read what it holds, unless `allowSecretInBrowser` is given, and
 *   when the key, `apiUrl` or `timeoutMs` is not what its type says. The message never repeats it.
 * @throws {TransportError} when the service could not be reached or is not trusted.
 * @see Our contract, section 5
 */
export async function requestClientToken<R extends { readonly status: number } = Response>(
  parameters: RequestClientTokenParameters<R>,
): Promise<R> {
  const { keyId, keySecret, apiUrl = DEFAULT_API_URL } = parameters
  refuseInBrowser(parameters)
  check('keyId', typeof keyId === 'string' && keyId !== '')
  check('keySecret', typeof keySecret === 'string' && keySecret !== '')
  return postJson(parseApiUrl(apiUrl) + CLIENT_TOKENS_PATH, formatClientTokenRequest(parameters), parameters)
}
