import { isLoopback } from '@interhuman-auth/protocol'
import { check } from './check.ts'
import { TransportError } from './transport-error.ts'

/**
 * Reads the address of an API, a path before the endpoints allowed, and gives it back in one form without a trailing
 * slash, so that two ways to write one address compare equal. https only, but for loopback (`localhost`, `127.0.0.0/8`,
 * `[::1]`).
 *
 * @throws {TypeError} when it is not an absolute http(s) URL, or has user information, a query, a fragment, a backslash,
 *   white space or a control character. The message never repeats it.
 * @throws {TransportError} `insecure_url` for plain http to another machine.
 */
export function parseApiUrl(apiUrl: string): string {
  check('apiUrl', /^https?:\/\/(?!\/)[^@\s\\?#\p{Cc}]+$/iu.test(apiUrl) && URL.canParse(apiUrl))
  const { hostname, href } = new URL(apiUrl)
  if (/^http:/.test(href) && !isLoopback(hostname)) throw new TransportError('insecure_url')
  return href.replace(/\/+$/, '')
}

// WHATWG's parser drops tabs and line ends, takes a backslash for a slash, and forgets an empty query or fragment.
