import {
  AUTHORIZATION_HEADER,
  CHALLENGE_HEADER,
  DEFAULT_API_URL,
  TOKEN_TYPE,
} from '@interhuman-auth/protocol'
import type { AccessToken } from './access-token.ts'
import { parseApiUrl } from './api-url.ts'
import { readBody } from './request-body.ts'
import { reuse } from './reuse.ts'
import type { TokenSource } from './token-source.ts'

/** What the platform's `fetch` is, as far as it is used here. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** What {@link createFetch} is told. */
export interface CreateFetchOptions {
  /** Where the token may go, https or loopback; of an address its origin counts. The published address alone if absent. */
  readonly origins?: readonly string[] | undefined
  /** The platform's own if absent. One that follows a redirect elsewhere must leave `Authorization` behind. */
  readonly fetch?: Fetch | undefined
  /**
   * What the token must have left before a body is sent that is large, of unknown size or cannot be sent twice, in seconds;
   * 60 if absent.
   */
  readonly minValiditySeconds?: number | undefined
}

/**
 * Makes a `fetch` that carries the token of a source; the rest is the platform's. To `origins` an `Authorization` header
 * of the caller's is replaced. Elsewhere a request goes as it is, without the token; a redirect leaves it behind as well,
 * by the Fetch standard. In Cloudflare's Workers, which did not always keep to that, a redirect is the caller's.
 *
 * A 401 that says that the token is invalid, or whose challenge cannot be read, drops the token. The request is then sent
 * once more with a new one if its body is a string, bytes, a Blob, URLSearchParams, FormData, or what a `Request` holds up
 * to 1 MiB (so does one that is made of an init that is no plain object); a stream never is. What comes of that is the
 * caller's, as is any other answer.
 *
 * The promise rejects with what the source throws, or with what the platform's fetch does.
 *
 * @throws {TypeError} when one of `origins` is no address of an API.
 * @throws {TransportError} `insecure_url` for one of plain http on another machine.
 * @see RFC 6750; our contract, section 4
 */
export function createFetch(
  source: TokenSource,
  {
    origins = [DEFAULT_API_URL],
    // Looked up at each call: a test or a page's own script may put another in its place.
    fetch: send = (...call) => fetch(...call),
    minValiditySeconds = 60,
  }: CreateFetchOptions = {},
): Fetch {
  const tokens = reuse(source)
  // A serialised URL starts like this only where it has no user information and is no blob.
  const prefixes = origins.map((origin) => new URL('/', parseApiUrl(origin)).href)
  const isOurs = (url: string) => prefixes.some((prefix) => url.startsWith(prefix))

  const carry: Fetch = async (input, init) => {
    const request = input instanceof Request ? input : undefined
    const given = request?.url ?? `${input}`
    // What starts as a serialised URL of ours does needs no parser to be one. In a page a URL can be relative to it.
    const url = isOurs(given) ? given : new URL(given, globalThis.location?.href).href
    if (!isOurs(url)) return send(input, init)
    // What an init inherits, as all that a `Request` used as one has, is no part of a copy: a `Request` reads it as fetch does.
    if (![null, Object.prototype].includes(Object.getPrototypeOf(init ?? {})))
      return carry(new Request(input, init))
    // A `Request` forgets these two when it is sent with anything changed.
    const own: RequestInit = {
      ...(request && { referrer: request.referrer, referrerPolicy: request.referrerPolicy }),
      ...init,
      // Workers follow with the header wherever it leads, if their compatibility date is before September 2025.
      ...('WebSocketPair' in globalThis && { redirect: 'manual' }),
    }
    const { signal = request?.signal } = own
    const [isHeavy, again] = readBody(request, own)
    const getToken = () =>
      tokens.getToken({
        signal: signal as AbortSignal | undefined,
        minValiditySeconds: isHeavy ? minValiditySeconds : 0,
      })
    const attempt = ({ value }: AccessToken, changes?: RequestInit) => {
      const given = Object(own.headers ?? request?.headers)
      const headers = {
        // Most calls come with names and values, and none like this one: those need no Headers to be read.
        ...(Symbol.iterator in given || /auth/i.test(Object.keys(given) as never)
          ? Object.fromEntries(new Headers(given) as never)
          : given),
        // encodeURI changes no bearer token. Of what is none, fetch would repeat every letter in its complaint.
        [AUTHORIZATION_HEADER.toLowerCase()]: `${TOKEN_TYPE} ${encodeURI(value)}`,
      }
      return send(request ?? url, { ...own, ...changes, headers })
    }
    const token = await getToken()
    const response = await attempt(token)
    if (
      response.status !== 401 ||
      !/^null$|invalid_token/.test(response.headers.get(CHALLENGE_HEADER) as never) ||
      (response.redirected && !isOurs(response.url))
    )
      return response
    tokens.drop(token)
    const changes = again()
    if (!changes) return response
    await response.body?.cancel().catch(() => {})
    return attempt(await getToken(), changes)
  }
  return carry
}
