import {
  type ApiVersion,
  DEFAULT_API_URL,
  formatTokenRequest,
  JSON_CONTENT_TYPE,
  TOKEN_ENDPOINTS,
} from '@interhuman-auth/protocol'
import { parseApiUrl } from './api-url.ts'
import { check } from './check.ts'
import { classifyFault, TransportError } from './transport-error.ts'

/** How long an exchange may last, from the call to the last byte of the body, if nobody says otherwise. */
export const DEFAULT_TIMEOUT_MS = 15_000

/** What a fetch is called with: the one request, whole. */
export interface TokenRequestInit {
  readonly method: 'POST'
  readonly headers: Record<string, string>
  readonly body: string
  readonly redirect: 'manual'
  /** Aborts the request, and the body's arrival as well. */
  readonly signal: AbortSignal
}

/** What sends the request: `globalThis.fetch` is one. One that knows more of a fault throws a {@link TransportError}. */
export type TokenFetch<R> = (url: string, init: TokenRequestInit) => Promise<R>

/** What {@link requestToken} is told. */
export interface RequestTokenParameters<R = Response> {
  readonly keyId: string
  readonly keySecret: string
  /** Sent in this order, as they are. */
  readonly scopes: readonly string[]
  /** https, or http to loopback; a path before the endpoints is kept. The published address if absent. */
  readonly apiUrl?: string | undefined
  /** `v0` if absent. */
  readonly apiVersion?: ApiVersion | undefined
  /** Ends the exchange; what is thrown is then the signal's reason, as with fetch. */
  readonly signal?: AbortSignal | undefined
  /** Bounds the whole exchange, the body's arrival too; {@link DEFAULT_TIMEOUT_MS} if absent. */
  readonly timeoutMs?: number | undefined
  /** The platform's own if absent. */
  readonly fetch?: TokenFetch<R> | undefined
}

/**
 * Exchanges an API key for an access token, strictly: one POST, and the answer handed back as it came, whatever its
 * status, not read, not parsed, not retried. No redirect is followed.
 *
 * Three things are the platform's: by the Fetch standard Node's fetch sends a second time after a 421, and gives no
 * response for a 407; with `NODE_USE_ENV_PROXY` it sends through the proxy that the environment names, plain http to
 * loopback as well unless `NO_PROXY` names that. Whoever minds hands in another `fetch`, as the command does.
 *
 * @throws {TypeError} when a parameter is not what its type says. The message never repeats it.
 * @throws {TransportError} when the service could not be reached or is not trusted. When the time is up while the body is
 *   read, reading it throws this as well (`timeout`).
 * @see Our contract, sections 1 and 8
 */
export async function requestToken<R extends { readonly status: number } = Response>(
  parameters: RequestTokenParameters<R>,
): Promise<R> {
  const { keyId, keySecret, scopes, apiVersion = 'v0', timeoutMs = DEFAULT_TIMEOUT_MS, signal } = parameters
  check('keyId', isText(keyId))
  check('keySecret', isText(keySecret))
  check('scopes', Array.isArray(scopes) && scopes.length && scopes.every(isText))
  check('apiVersion', isText(TOKEN_ENDPOINTS[apiVersion]))
  check('timeoutMs', timeoutMs > 0 && timeoutMs < 2 ** 31)
  const url = parseApiUrl(parameters.apiUrl ?? DEFAULT_API_URL) + TOKEN_ENDPOINTS[apiVersion]
  signal?.throwIfAborted()

  // It goes on for the body, whose end nobody reports: so the timer must not keep a program running.
  const controller = new AbortController()
  const end = (reason?: unknown) => {
    clearTimeout(timer)
    controller.abort(reason)
  }
  const timer = setTimeout(() => end(new TransportError('timeout')), timeoutMs)
  // Node's timer is an object, the browser's a number.
  ;(timer as { unref?(): void }).unref?.()
  signal?.addEventListener('abort', () => end(signal.reason), { signal: controller.signal })

  // The platform's fetch gives a Response, which is what R is when none is handed in.
  const send = parameters.fetch ?? (globalThis.fetch as unknown as TokenFetch<R>)
  try {
    const response = await send(url, {
      method: 'POST',
      headers: { 'Content-Type': JSON_CONTENT_TYPE, 'Accept-Encoding': 'identity' },
      body: JSON.stringify(formatTokenRequest(parameters)),
      redirect: 'manual',
      signal: controller.signal,
    })
    if (isRedirect(response.status)) throw new TransportError('redirect', undefined, response.status)
    return response
  } catch (fault) {
    const error = controller.signal.reason ?? (fault instanceof TransportError ? fault : classifyFault(fault))
    end(error)
    throw error
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

/** A browser shows a redirect that it was told not to follow as status 0. */
function isRedirect(status: number): boolean {
  return [0, 301, 302, 303, 307, 308].includes(status)
}
