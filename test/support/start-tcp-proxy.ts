import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy on loopback that stands for a network, and can fail as one does. */
export interface TcpProxy {
  readonly host: '127.0.0.1'
  /** Stays the same over {@link TcpProxy.cut}. */
  readonly port: number
  /** How many connections it has taken so far. */
  readonly accepted: number
  /** Passes nothing on, and neither refuses nor ends anything: a machine that went away. */
  freeze(): void
  /** Passes on again, first what came meanwhile. */
  thaw(): void
  /** Ends every connection. */
  drop(): void
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>
  /** Takes connections again. */
  mend(): Promise<void>
  close(): Promise<void>
}

/** Starts a proxy before a server. */
export async function startTcpProxy(target: {
  readonly host: string
  readonly port: number
}): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let frozen = false
  let accepted = 0
  const server = createServer((client) => {
    accepted += 1
    const upstream = connect(target)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from
        .on('error', () => {})
        .once('close', () => {
          sockets.delete(from)
          to.destroy()
        })
      from.on('data', (bytes) => to.write(bytes))
      if (frozen) from.pause()
    }
  })
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  const cut = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    drop()
    await closed
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    host: '127.0.0.1',
    port,
    get accepted() {
      return accepted
    },
    freeze() {
      frozen = true
      for (const socket of sockets) socket.pause()
    },
    thaw() {
      frozen = false
      for (const socket of sockets) socket.resume()
    },
    drop,
    cut,
    mend: () => listen(port),
    close: cut,
  }
}
