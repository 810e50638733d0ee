import { isLoopback } from '@interhuman-auth/protocol'
import { check } from '../check.ts'
import { TransportError } from '../transport-error.ts'

/**
 * Reads the address of a stream: wss, or ws to loopback. A query is kept.
 *
 * @throws {TypeError} when it is another URL, or has user information or a fragment. The message never repeats it.
 * @throws {TransportError} `insecure_url` for ws to another machine.
 */
export function parseStreamUrl(url: string | URL): string {
  check('url', URL.canParse(url))
  const { protocol, hostname, username, password, hash, href } = new URL(url)
  check('url', /^wss?:$/.test(protocol) && username + password + hash === '')
  if (protocol === 'ws:' && !isLoopback(hostname)) throw new TransportError('insecure_url')
  return href
}
