import type { AccessToken } from '../access-token.ts'
import { check } from '../check.ts'
import { DEFAULT_TIMEOUT_MS } from '../limits.ts'
import { reuse } from '../reuse.ts'
import type { TokenSource } from '../token-source.ts'
import { type HandshakeDialect, isServer, startHandshake, type WebSocketConstructor } from './carry-token.ts'
import { startDeadline } from './deadline.ts'
import { awaitOpen, isUnexplained } from './handshake.ts'
import { askWhy } from './handshake-answer.ts'
import { keepEarlyEvents, type Listenable } from './listen.ts'
import { type StreamEnd, watchEnd } from './stream-end.ts'
import { parseStreamUrl } from './stream-url.ts'

/** What {@link openWebSocket} is told. */
export interface OpenWebSocketOptions<S> {
  /** The platform's own if absent; Node 20 has none. */
  readonly WebSocket?: WebSocketConstructor<S> | undefined
  /** `header` on Node, Deno and Bun if absent, `subprotocol-pair` elsewhere. */
  readonly dialect?: HandshakeDialect | undefined
  /** Ends the opening; what is thrown is then its reason. Of an open socket it ends nothing. */
  readonly signal?: AbortSignal | undefined
  /** Bounds the opening, the wait for a token included, in milliseconds; 15,000 if absent. */
  readonly timeoutMs?: number | undefined
  /** What the token must have left, in seconds; 30 if absent. It is looked at in the handshake only. */
  readonly minValiditySeconds?: number | undefined
}

/** An open WebSocket. */
export interface OpenWebSocket<S> {
  readonly socket: S
  /** How it ended, once it has. Never rejects. */
  readonly closed: Promise<StreamEnd>
}

/**
 * Opens a WebSocket with the token of a source, which is asked at each attempt. A handshake that is refused with 401 drops
 * the token and is tried once more with a new one. Who listens to the socket as soon as this has resolved misses nothing.
 *
 * A service can also refuse when the socket is open: with an error message and then the close code 4003, or with 1013.
 * `closed` tells of that.
 *
 * Where the platform does not say why a handshake failed, Node, Deno and Bun ask the address once more over http, for the
 * answer in words. A browser cannot: without leave for other origins it is told nothing there, and with its own origin's
 * address it would be told something else, since such a request names no origin.
 *
 * @throws {TypeError} when an argument is not what its type says, or there is no WebSocket.
 * @throws {RefusalError} when the handshake was refused.
 * @throws {UnexpectedResponseError} when it was answered in other words than the API's.
 * @throws {TransportError} when it did not get there; with the `systemCode` `CLOSE_1006` when only that much is known. In
 *   a browser that is so of every failure.
 * @see Our contract, section 4
 */
export async function openWebSocket<S = WebSocket>(
  source: TokenSource,
  url: string | URL,
  options: OpenWebSocketOptions<S> = {},
): Promise<OpenWebSocket<S>> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, minValiditySeconds = 30 } = options
  const { dialect = isServer() ? 'header' : 'subprotocol-pair' } = options
  const address = parseStreamUrl(url)
  const Constructor = options.WebSocket ?? (globalThis.WebSocket as unknown as WebSocketConstructor<S>)
  if (Constructor === undefined)
    throw new TypeError('there is no WebSocket here: hand in that of the package ws')
  check('timeoutMs', timeoutMs > 0 && timeoutMs < 2 ** 31)
  const deadline = startDeadline(timeoutMs, signal)
  const tokens = reuse(source)
  const getToken = () => tokens.getToken({ signal: deadline.signal, minValiditySeconds })

  const connect = async (token: AccessToken): Promise<OpenWebSocket<S>> => {
    deadline.signal.throwIfAborted()
    const socket = startHandshake(Constructor, address, token.value, dialect)
    const closed = watchEnd(socket as Listenable)
    keepEarlyEvents(socket as Listenable)
    try {
      await awaitOpen(socket as Listenable, deadline.signal)
    } catch (error) {
      const why =
        isUnexplained(error) && isServer() ? await askWhy(address, token, deadline.signal) : undefined
      throw why ?? error
    }
    // The next attempt is not to come with a token that a stream was ended for.
    closed.then(({ refusal }) => refusal?.code === 'unauthorized' && tokens.drop(token))
    return { socket, closed }
  }

  try {
    const token = await getToken()
    try {
      return await connect(token)
    } catch (error) {
      if ((error as { status?: unknown }).status !== 401) throw error
      tokens.drop(token)
      const next = await getToken()
      if (next.value === token.value) throw error
      return await connect(next)
    }
  } finally {
    deadline.end()
  }
}
