import type { IncomingMessage } from 'node:http'

/**
 * Lets a connection that is closed behind its answer go on sending for a while: closed with the rest of a body unread, it
 * would be reset, and the answer could be lost on its way.
 *
 * @see RFC 9112 section 9.6
 */
export function lingerBehind(request: IncomingMessage, lingerMs: number): void {
  const { socket } = request
  socket.destroySoon = () => {
    request.unpipe()
    request.resume()
    socket.end()
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => clearTimeout(timer))
  }
}
