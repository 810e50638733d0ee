/** What is used of a socket besides what its user does with it. */
export interface Listenable {
  close(): void
  addEventListener<E>(type: string, listener: (event: E) => void): void
  removeEventListener<E>(type: string, listener: (event: E) => void): void
  /** The package `ws` has these. */
  pause?(): void
  resume?(): void
  on?(type: 'unexpected-response', listener: (request: unknown, response: NodeAnswer) => void): void
}

/** An answer of Node's http, in which `ws` hands on a refused handshake. */
export interface NodeAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  on(type: 'data', listener: (chunk: Uint8Array) => void): void
  on(type: 'end' | 'close' | 'error', listener: () => void): void
}

/**
 * Sees to it that who awaits the opening and then listens misses nothing. `ws` and Deno's own hand on what came with the
 * handshake's answer before anybody who awaits it runs: the one is paused for a turn, and the other's events are put off
 * by one.
 */
export function keepEarlyEvents(socket: Listenable): void {
  if (socket.pause !== undefined)
    socket.addEventListener('open', () => {
      socket.pause?.()
      setTimeout(() => socket.resume?.())
    })
  else if ('Deno' in globalThis) holdEvents(socket)
}

function holdEvents(socket: Listenable): void {
  let held: Event[] | undefined
  const release = () => {
    const events = held ?? []
    held = undefined
    for (const event of events) {
      const { constructor: Kind } = event as unknown as { constructor: typeof MessageEvent }
      ;(socket as unknown as EventTarget).dispatchEvent(new Kind(event.type, event as MessageEventInit))
    }
  }
  const hold = (event: Event) => {
    if (held === undefined) return
    event.stopImmediatePropagation()
    held.push(event)
  }
  socket.addEventListener('open', () => {
    held = []
    setTimeout(release)
  })
  socket.addEventListener('message', hold)
  socket.addEventListener('close', hold)
}
