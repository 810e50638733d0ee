import { AUTHORIZATION_HEADER, BEARER_SUBPROTOCOL, TOKEN_TYPE } from '@interhuman-auth/protocol'
import { check } from '../check.ts'

/**
 * How a handshake carries the token (our contract, section 4): in the `Authorization` header; as the second of two
 * subprotocols, which is what a browser can send; or as the only one, as it was between April and June 2026. A socket
 * shows its subprotocol to whoever prints it, and that is the token then.
 */
export type HandshakeDialect = 'header' | 'subprotocol-pair' | 'lone-subprotocol'

/** A WebSocket of a browser, of Node, Deno, Bun or of the package `ws`. */
export type WebSocketConstructor<S> = new (url: string, second?: never) => S

/** Whether this is Node, Deno or Bun: a WebSocket takes headers there, and fetch asks no other page for leave. */
export function isServer(): boolean {
  const { document, process } = globalThis as {
    document?: unknown
    process?: { versions?: { node?: unknown } }
  }
  return document === undefined && process?.versions?.node !== undefined && !('WebSocketPair' in globalThis)
}

/**
 * Starts a handshake that carries a token.
 *
 * @throws {TypeError} when the constructor does not take what it is given. What it says itself can quote the token.
 */
export function startHandshake<S>(
  WebSocket: WebSocketConstructor<S>,
  url: string,
  token: string,
  dialect: HandshakeDialect,
): S {
  const second = {
    header: { headers: { [AUTHORIZATION_HEADER]: `${TOKEN_TYPE} ${token}` } },
    'subprotocol-pair': [BEARER_SUBPROTOCOL, token],
    'lone-subprotocol': [token],
  }[dialect]
  check('dialect', second)
  try {
    return new WebSocket(url, second as never)
  } catch {
    throw new TypeError(`the WebSocket constructor does not take this address or the dialect ${dialect}`)
  }
}
