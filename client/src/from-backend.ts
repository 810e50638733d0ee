import { parseApiUrl } from './api-url.ts'
import { check } from './check.ts'
import { exchangeSource } from './exchange-source.ts'
import { postJson, type TokenRequestInit } from './post-json.ts'
import type { TokenSource } from './token-source.ts'
import type { TransportError } from './transport-error.ts'

/** A request to the app's own backend, as a fetch is called with it. */
export type BackendRequestInit = TokenRequestInit & { readonly credentials?: RequestCredentials }

/** What {@link fromBackend} is told. */
export interface FromBackendOptions {
  /** What is asked for, within what the backend allows; its own choice if absent. */
  readonly scopes?: readonly string[] | undefined
  /** Beside `Content-Type: application/json`, which no form of another site can send. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** `include` sends the cookies of a backend on another origin; those of the page's own are sent anyway. */
  readonly credentials?: RequestCredentials | undefined
  /** Bounds each request, in milliseconds. */
  readonly timeoutMs?: number | undefined
  /** The platform's own if absent. */
  readonly fetch?: ((url: string, init: BackendRequestInit) => Promise<Response>) | undefined
  /** Epoch milliseconds; the platform's own clock if absent. */
  readonly now?: (() => number) | undefined
}

/**
 * A source for a browser or a phone, which hold no key: one POST to the app's own backend for each token, which asks the
 * service for a client token and hands its answer on (`respondWithClientToken` does). Wrap it with {@link reuse}; that
 * shares nothing between two of these, since their users may differ.
 *
 * Its `getToken` throws a `TypeError` when `url` cannot be read, and a {@link TransportError} (`insecure_url`) for plain
 * http to another machine than this one or the page's own.
 *
 * @param url May be relative to the page.
 * @see Our contract, section 5
 */
export function fromBackend(url: string, options: FromBackendOptions = {}): TokenSource {
  const { scopes, headers, credentials, timeoutMs, fetch, now } = options
  return exchangeSource((signal) => {
    const send = fetch ?? globalThis.fetch
    return postJson<Response>(
      parseBackendUrl(url),
      { scopes },
      {
        signal,
        timeoutMs,
        fetch: (target, init) =>
          send(target, {
            ...init,
            headers: { ...init.headers, ...headers },
            // Some runtimes refuse to be told, even what they do anyway.
            ...(credentials && { credentials }),
          }),
      },
    )
  }, now)
}

/** Read when it is used: on a server that renders a page there is none to be relative to. */
function parseBackendUrl(url: string): string {
  const { location } = globalThis as { location?: { readonly href: string; readonly origin: string } }
  check('url', URL.canParse(url, location?.href))
  const { href, origin } = new URL(url, location?.href)
  if (origin !== location?.origin) parseApiUrl(origin)
  return href
}
