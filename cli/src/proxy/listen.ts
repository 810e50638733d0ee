import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The addresses of this machine that a proxy listens on; the second where the machine has it. */
const ADDRESSES = ['127.0.0.1', '::1'] as const
/** What a machine says that has no such address. */
const ABSENT = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'EINVAL'])
const MAX_TRIES = 20

/** Servers that listen on one port of this machine, one an address. */
export interface Listening {
  readonly port: number
  readonly servers: readonly Server[]
}

/**
 * Listens on loopback only, IPv4 and IPv6 on the same port: `localhost` may mean either, and what stands at the other
 * one must not be a stranger's.
 *
 * @param port 0 for any.
 * @throws the system's error when the port is taken.
 */
export async function listenOnLoopback(port: number, makeServer: () => Server): Promise<Listening> {
  for (let tries = 1; ; tries += 1) {
    const first = makeServer()
    const bound = await listen(first, ADDRESSES[0], port)
    const second = makeServer()
    try {
      await listen(second, ADDRESSES[1], bound)
      return { port: bound, servers: [first, second] }
    } catch (fault) {
      const { code = '' } = fault as NodeJS.ErrnoException
      if (ABSENT.has(code)) return { port: bound, servers: [first] }
      first.close()
      if (port !== 0 || code !== 'EADDRINUSE' || tries === MAX_TRIES) throw fault
    }
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}
