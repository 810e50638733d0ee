import { parseApiUrl } from './api-url.ts'
import { exchangeSource } from './exchange-source.ts'
import { postJson, type TokenFetch } from './post-json.ts'
import type { TokenSource } from './token-source.ts'
import type { TransportError } from './transport-error.ts'

/** What {@link fromBackend} is told. */
export interface FromBackendOptions {
  /** What is asked for, within what the backend allows; its own choice if absent. */
  readonly scopes?: readonly string[] | undefined
  /** Bounds each request, in milliseconds. */
  readonly timeoutMs?: number | undefined
  /** The platform's own if absent. One of the app's own can add what its sign-in needs: headers, `credentials`. */
  readonly fetch?: TokenFetch<Response> | undefined
}

/**
 * A source for a browser or a phone, which hold no key: one POST to the app's own backend for each token, which asks the
 * service for a client token and hands its answer on (`respondWithClientToken` does). The cookies of the page's own origin
 * go along by the Fetch standard, and no form of another site can send its content type. Wrap it with {@link reuse}; that
 * shares nothing between two of these, since their users may differ.
 *
 * Its `getToken` throws a `TypeError` when `url` cannot be read, and a {@link TransportError} (`insecure_url`) for plain
 * http to another machine than this one or the page's own.
 *
 * @param url May be relative to the page.
 * @see Our contract, section 5
 */
export function fromBackend(url: string, options: FromBackendOptions = {}): TokenSource {
  const { scopes, ...exchange } = options
  return exchangeSource((signal) => postJson(parseBackendUrl(url), { scopes }, { ...exchange, signal }))
}

/** Read when it is used: on a server that renders a page there is none to be relative to. */
function parseBackendUrl(url: string): string {
  const { href, origin } = new URL(url, globalThis.location?.href)
  if (origin !== globalThis.location?.origin) parseApiUrl(origin)
  return href
}
