import { isLoopback } from '@interhuman-auth/protocol'

/**
 * Reads an address of the service: what is fetched there decides who gets in.
 *
 * @param what names it in the error, such as `the key set`; the address itself is never repeated.
 * @throws {TypeError} unless it is https, or http to this machine, and has no user name or password.
 */
export function parseServiceAddress(address: string | URL, what: string): URL {
  if (!URL.canParse(String(address))) throw new TypeError(`${what} needs an absolute address`)
  const url = new URL(address)
  const trusted = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
  if (!trusted) throw new TypeError(`${what} needs an https address (http only to this machine)`)
  if (url.username !== '' || url.password !== '')
    throw new TypeError(`the address of ${what} must not hold a user name or a password`)
  return url
}

/** An endpoint of a service whose base address may have a path of its own; its query and fragment are dropped. */
export function endpointOf(base: URL, path: string): URL {
  const url = new URL(base.origin)
  url.pathname = base.pathname.replace(/\/+$/, '') + path
  return url
}
