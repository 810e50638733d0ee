import type { Socket } from 'node:net'

/** How long a connection that is closed may go on sending, in milliseconds. */
const LINGER_MS = 1000

/**
 * Closes a connection whose client may still be sending: closed at once, it would be reset, and the answer could be lost
 * on its way. What still comes is left to whoever reads the socket.
 *
 * @see RFC 9112 section 9.6
 */
export function endLingering(socket: Socket, answer = ''): void {
  socket.end(answer)
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}
