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
 * Sees to it that who awaits the opening and then listens misses nothing. `ws` hands on in the same go what came with the
 * handshake's answer, so it is paused; Deno does before anybody awaiting runs, so what it hands on is put off.
 */
export function keepEarlyMessages(socket: Listenable): void {
  let isEarly = false
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
    if (!isEarly && held === undefined) return
    event.stopImmediatePropagation()
    if (held === undefined) setTimeout(release)
    held = [...(held ?? []), event]
  }
  socket.addEventListener('open', () => {
    if (socket.pause !== undefined) {
      socket.pause()
      setTimeout(() => socket.resume?.())
      return
    }
    isEarly = true
    queueMicrotask(() => {
      isEarly = false
    })
  })
  if (socket.pause !== undefined) return
  socket.addEventListener('message', hold)
  socket.addEventListener('close', hold)
}
