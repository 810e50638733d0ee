import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

const underWay = new WeakMap<Socket, Set<() => void>>()

/**
 * Calls back once, when an exchange closes or its connection does, whichever is first: of a row of requests Node closes
 * those that wait for their turn only as long as its parser has the connection.
 */
export function whenOver(exchange: EventEmitter, socket: Socket, callback: () => void): void {
  const waiting = underWay.get(socket) ?? startWaiting(socket)
  const end = () => {
    if (waiting.delete(end)) callback()
  }
  waiting.add(end)
  if (exchange !== socket) exchange.once('close', end)
}

function startWaiting(socket: Socket): Set<() => void> {
  const waiting = new Set<() => void>()
  underWay.set(socket, waiting)
  socket.once('close', () => {
    for (const end of waiting) end()
  })
  return waiting
}
