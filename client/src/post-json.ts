import { JSON_CONTENT_TYPE } from '@interhuman-auth/protocol'
import { check } from './check.ts'
import { DEFAULT_TIMEOUT_MS } from './limits.ts'
import { classifyFault, TransportError } from './transport-error.ts'

// A browser shows a redirect that it was told not to follow as status 0.

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

/** How a request is sent. */
export interface PostOptions<R> {
  /** Ends the exchange; what is thrown is then the signal's reason, as with fetch. */
  readonly signal?: AbortSignal | undefined
  /** Bounds the whole exchange, the body's arrival too; {@link DEFAULT_TIMEOUT_MS} if absent. */
  readonly timeoutMs?: number | undefined
  /** The platform's own if absent. */
  readonly fetch?: TokenFetch<R> | undefined
}

/**
 * Sends one POST with a JSON body and gives the answer as it came, unless it is a redirect. Not retried.
 *
 * @throws {TypeError} when `timeoutMs` is not above 0 and below 2^31.
 * @throws {TransportError} when the service could not be reached or is not trusted. When the time is up while the body is
 *   read, reading it throws this as well (`timeout`).
 */
export async function postJson<R extends { readonly status: number }>(
  url: string,
  body: unknown,
  {
    signal,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    // The platform's fetch gives a Response, which is what R is when none is handed in.
    fetch: send = fetch as unknown as TokenFetch<R>,
  }: PostOptions<R>,
): Promise<R> {
  check('timeoutMs', timeoutMs > 0 && timeoutMs < 2 ** 31)
  signal?.throwIfAborted()
  // It goes on for the body, whose end nobody reports: so the timer must not keep a program running.
  const controller = new AbortController()
  const end = (reason?: unknown) => {
    controller.abort(reason)
    clearTimeout(timer)
  }
  const timer = setTimeout(end, timeoutMs, new TransportError('timeout'))
  // Node's timer is an object, the browser's a number.
  ;(timer as { unref?(): void }).unref?.()
  signal?.addEventListener('abort', () => end(signal.reason), { signal: controller.signal })

  try {
    const response = await send(url, {
      method: 'POST',
      headers: { 'Content-Type': JSON_CONTENT_TYPE, 'Accept-Encoding': 'identity' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: controller.signal,
    })
    if (/^0|30[12378]/.test(response.status as never))
      throw new TransportError('redirect', undefined, response.status)
    return response
  } catch (fault) {
    end(classifyFault(fault))
    throw controller.signal.reason
  }
}
