import { AUTHORIZATION_HEADER, SUBPROTOCOL_HEADER } from '@interhuman-auth/protocol'

/** Names and values in turn, as they came over the wire. */
export type RawHeaders = readonly string[]

/** Gives the values of a header, line by line; `name` in lower case. */
export function valuesOf(rawHeaders: RawHeaders, name: string): string[] {
  return [...pairs(rawHeaders)].flatMap(([each, value]) => (each.toLowerCase() === name ? [value] : []))
}

/** The headers that belong to one connection (RFC 9110 section 7.6.1); what `Connection` names belongs to it as well. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade'])
const PROXY = /^proxy-/

/** What this side says anew: where to, how the body is framed, who asks, and what is expected. */
const SAID_ANEW = new Set(['host', 'content-length', 'expect', 'trailer', AUTHORIZATION_HEADER.toLowerCase()])

/** Fields that a trailer must not bring (RFC 9110 section 6.5.1). */
const NEVER_IN_TRAILERS = new Set([
  ...SAID_ANEW,
  'content-encoding',
  'content-range',
  'content-type',
  'set-cookie',
])

/** How a request leaves. */
export interface RequestHead {
  /** The host and port of the address that it goes to. */
  readonly host: string
  readonly token: string
  /** Lines that belong to this connection: the framing, an expectation, an upgrade. */
  readonly own: RawHeaders
  /** For a WebSocket handshake: the subprotocols that are offered on. */
  readonly subprotocols?: string | undefined
}

/** Writes the headers of a forwarded request: the client's own, in their order, without any credential, and the bearer. */
export function forwardRequestHeaders(rawHeaders: RawHeaders, head: RequestHead): string[] {
  const subprotocol = SUBPROTOCOL_HEADER.toLowerCase()
  const kept = endToEnd(rawHeaders).filter(([name]) => {
    const lower = name.toLowerCase()
    return !SAID_ANEW.has(lower) && !(lower === subprotocol && 'subprotocols' in head)
  })
  const offered = head.subprotocols === undefined ? [] : [SUBPROTOCOL_HEADER, head.subprotocols]
  const bearer = [AUTHORIZATION_HEADER, `Bearer ${head.token}`]
  return ['Host', head.host, ...kept.flat(), ...offered, ...head.own, ...bearer]
}

/** What an answer's headers need to know of both sides. */
export interface ResponseHead {
  /** The address of the key, and the base URL that stands for it here. */
  readonly upstreamUrl: string
  readonly baseUrl: string
}

/**
 * Writes the headers of an answer as it is handed back. A `Location` at the address of the key is turned to this side, so
 * that who follows it comes back through here. `Alt-Svc` would lead past this side.
 */
export function forwardResponseHeaders(rawHeaders: RawHeaders, head: ResponseHead): string[] {
  const chunked = valuesOf(rawHeaders, 'transfer-encoding').length > 0
  return endToEnd(rawHeaders)
    .filter(([name]) => {
      const lower = name.toLowerCase()
      return lower !== 'alt-svc' && lower !== (chunked ? 'content-length' : 'trailer')
    })
    .flatMap(([name, value]) => [name, name.toLowerCase() === 'location' ? turnLocation(value, head) : value])
}

/** Gives the trailer fields that may be handed on (RFC 9110 section 6.5.1), as pairs. */
export function forwardTrailers(rawTrailers: RawHeaders): [string, string][] {
  return endToEnd(rawTrailers).filter(([name]) => !NEVER_IN_TRAILERS.has(name.toLowerCase()))
}

function turnLocation(location: string, { upstreamUrl, baseUrl }: ResponseHead): string {
  // One that is relative to the request's own path holds on this side as well.
  if (!/^(?:https?:|\/)/i.test(location) || !URL.canParse(location, upstreamUrl)) return location
  const base = new URL(upstreamUrl)
  const prefix = base.pathname.replace(/\/$/, '')
  const { origin, pathname, search, hash } = new URL(location, upstreamUrl)
  if (origin !== base.origin || !pathname.startsWith(`${prefix}/`)) return location
  return baseUrl + pathname.slice(prefix.length) + search + hash
}

function endToEnd(rawHeaders: RawHeaders): [string, string][] {
  const named = valuesOf(rawHeaders, 'connection').flatMap((value) => value.toLowerCase().split(','))
  const dropped = new Set([...HOP_BY_HOP, ...named.map((name) => name.trim())])
  return [...pairs(rawHeaders)].filter(([name]) => {
    const lower = name.toLowerCase()
    return !dropped.has(lower) && !PROXY.test(lower)
  })
}

function* pairs(rawHeaders: RawHeaders): Generator<[string, string], void, void> {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    yield [rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']
}
