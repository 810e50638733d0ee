import type { Agent, ClientRequest } from 'node:http'
import { builtin } from '../builtin.ts'
import { ProxyFault } from './fault.ts'
import type { RawHeaders } from './headers.ts'
import type { ProxyLimits } from './limits.ts'

/** The one address that requests are sent on to. */
export interface Upstream {
  /** As the credentials have it, without a trailing slash. */
  readonly url: string
  /** What `Host` says there. */
  readonly host: string
  /** Begins a request. `fresh` takes a connection of its own. */
  open(request: { method: string; target: string; headers: RawHeaders; fresh: boolean }): ClientRequest
  /** Ends what is left of connections. */
  close(): void
}

/** The environment's proxy counts for https alone, and only where Node itself is told to use it. */
export type UpstreamEnvironment = Readonly<Record<string, string | undefined>>

const MAX_IDLE_CONNECTIONS = 8

/**
 * Makes the way to the address of the key. Nothing of a request can change where it leads. Certificates are checked
 * whatever `NODE_TLS_REJECT_UNAUTHORIZED` says, and bytes are read strictly whatever Node was started with.
 */
export function createUpstream(apiUrl: string, env: UpstreamEnvironment, limits: ProxyLimits): Upstream {
  const base = new URL(apiUrl)
  const secure = base.protocol === 'https:'
  let opened: OpenedWay | undefined
  return {
    url: apiUrl,
    host: base.host,
    open({ method, target, headers, fresh }) {
      // Loaded when it is needed: what reads TLS takes its time.
      opened ??= openWay(secure, env)
      const { request, kept, single } = opened
      const outgoing = request({
        hostname: base.hostname.replace(/^\[|\]$/g, ''),
        port: base.port,
        method,
        path: base.pathname.replace(/\/$/, '') + target,
        headers: headers as string[],
        agent: fresh ? single : kept,
        insecureHTTPParser: false,
        maxHeaderSize: limits.maxHeadBytes,
      })
      limitConnecting(outgoing, secure, limits.connectTimeoutMs)
      return outgoing
    },
    close() {
      opened?.kept.destroy()
      opened?.single.destroy()
    },
  }
}

interface OpenedWay {
  readonly request: typeof import('node:http').request
  readonly kept: Agent
  readonly single: Agent
}

function openWay(secure: boolean, env: UpstreamEnvironment): OpenedWay {
  const { request, Agent }: typeof import('node:https') = builtin(secure ? 'node:https' : 'node:http')
  const own = {
    rejectUnauthorized: true,
    maxFreeSockets: MAX_IDLE_CONNECTIONS,
    ...(secure && env.NODE_USE_ENV_PROXY === '1' && { proxyEnv: { ...env } }),
  }
  const kept = new Agent({ ...own, keepAlive: true })
  const single = new Agent({ ...own, keepAlive: true })
  // It asks to keep the connection and then does not: an API that is asked to close one resets it, and with it an answer
  // that comes before the end of a body.
  single.keepSocketAlive = () => false
  return { request, kept, single }
}

function limitConnecting(outgoing: ClientRequest, secure: boolean, timeoutMs: number): void {
  const timer = setTimeout(() => outgoing.destroy(new ProxyFault('proxyUpstreamTimeout')), timeoutMs)
  const connected = () => clearTimeout(timer)
  outgoing.once('close', connected).once('socket', (socket) => {
    if (outgoing.reusedSocket) connected()
    else socket.once(secure ? 'secureConnect' : 'connect', connected)
  })
}
