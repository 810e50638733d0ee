import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** A network: an address and how many of its leading bits count. */
export type Network = readonly [address: IpAddress, prefixLength: number]

type IpAddress = ReturnType<typeof ipaddr.process>

/** What stands for an address where there is none: a connection that has gone already. */
export const UNKNOWN_ADDRESS = 'unknown'

/** The bits of an IPv6 address that name a subscriber's network; the rest is theirs to choose (RFC 6177). */
const IPV6_SUBSCRIBER_BITS = 64

/**
 * Reads one network in CIDR notation, or one address.
 *
 * @throws {TypeError} for anything else, and for a network that holds every address: whoever trusts it trusts a forger.
 */
export function parseNetwork(text: string): Network {
  const [address = '', bits, ...rest] = text.split('/')
  const parsed = parseAddress(address)
  // An IPv4 network has one way to be written.
  if (parsed === undefined || rest.length > 0 || (parsed.kind() === 'ipv4' && address.includes(':')))
    throw new TypeError('must be networks such as 10.0.0.0/8 or fd00::/8, or addresses, with commas between')
  const longest = parsed.kind() === 'ipv4' ? 32 : 128
  if (bits === undefined) return [parsed, longest]
  if (!/^[1-9]\d{0,2}$/.test(bits) || Number(bits) > longest)
    throw new TypeError(`must have a prefix length from 1 to ${longest} behind each slash`)
  return [parsed, Number(bits)]
}

/**
 * Makes the function that says who a request comes from, in the one canonical form of the address. It is the peer of the
 * connection; of a peer among the trusted proxies it is the right-most address of `X-Forwarded-For` that is no trusted
 * proxy itself. What stands to the left of that one was written by somebody whom nobody vouches for. Where a trusted
 * proxy wrote something that is no address, the proxy stands for what is behind it.
 *
 * @param trusted the networks of the proxies; with none, no header is ever read.
 */
export function createClientAddress(
  trusted: readonly Network[],
): (peer: string | undefined, forwardedFor: string | undefined) => string {
  return function clientAddress(peer, forwardedFor) {
    if (peer === undefined) return UNKNOWN_ADDRESS
    const plain = peerAddress(peer)
    if (trusted.length === 0) return plain
    const address = parseAddress(plain)
    if (address === undefined || forwardedFor === undefined || !isTrusted(address, trusted)) return plain
    return rightmostUntrusted(forwardedFor, address, trusted).toString()
  }
}

/** Says whether the peer of a connection is a trusted proxy. */
export function isTrustedPeer(peer: string | undefined, trusted: readonly Network[]): boolean {
  if (peer === undefined || trusted.length === 0) return false
  const address = parseAddress(peerAddress(peer))
  return address !== undefined && isTrusted(address, trusted)
}

/** What is counted as one client: an IPv4 address, or the /64 that an IPv6 address is in. */
export function addressPrefix(address: string): string {
  if (!address.includes(':')) return address
  const parsed = parseAddress(address)
  if (parsed === undefined) return address
  const bytes = parsed.toByteArray().fill(0, IPV6_SUBSCRIBER_BITS / 8)
  return `${ipaddr.fromByteArray(bytes)}/${IPV6_SUBSCRIBER_BITS}`
}

/** The peer of a connection. The kernel writes addresses in their canonical form, but for a zone and for IPv4 that came to an IPv6 socket. */
export function peerAddress(peer: string): string {
  if (!peer.includes(':')) return peer
  const zone = peer.indexOf('%')
  const address = zone === -1 ? peer : peer.slice(0, zone)
  return address.startsWith('::ffff:') ? (parseAddress(address)?.toString() ?? address) : address
}

function rightmostUntrusted(header: string, proxy: IpAddress, trusted: readonly Network[]): IpAddress {
  let nearest = proxy
  for (let end = header.length; end >= 0; ) {
    const comma = end === 0 ? -1 : header.lastIndexOf(',', end - 1)
    const hop = parseAddress(withoutPort(header.slice(comma + 1, end).trim()))
    if (hop === undefined) return nearest
    nearest = hop
    if (!isTrusted(hop, trusted)) return hop
    end = comma
  }
  return nearest
}

function isTrusted(address: IpAddress, trusted: readonly Network[]): boolean {
  return trusted.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
}

/** Some proxies write the port as well. */
const withPort = /^(?:\[([0-9a-f:.]+)\](?::\d{1,5})?|(\d[\d.]*):\d{1,5})$/i

function withoutPort(text: string): string {
  const match = withPort.exec(text)
  return match === null ? text : (match[1] ?? match[2] ?? '')
}

/**
 * Reads an address in one of its written forms: no leading zeros, no missing parts, no hexadecimal parts of IPv4, no
 * zone, and none of the IPv4-compatible forms that RFC 4291 section 2.5.5.1 has given up. IPv4 inside IPv6 is IPv4.
 */
function parseAddress(text: string): IpAddress | undefined {
  if (isIP(text) === 0 || text.includes('%') || /^[0:]*:\d+\./.test(text)) return undefined
  return ipaddr.process(text)
}
