import { carry } from './carry.mjs'
import { exchange } from './exchange.mjs'

/**
 * What a place is asked for, by the path of an address.
 *
 * @param {string} url
 * @param {any} [WebSocket] Handed in where the platform has none.
 */
export function ask(url, WebSocket) {
  return new URL(url).pathname === '/carry' ? carry(url, WebSocket) : exchange(url)
}
