import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { SUBPROTOCOL_HEADER } from '@interhuman-auth/protocol'
import { forwardResponseHeaders, type ResponseHead, valuesOf } from './headers.ts'
import type { ProxyLimits } from './limits.ts'
import { reasonPhrase } from './reason-phrase.ts'

/** A WebSocket that the API opened, and the handshake that asked for it. */
export interface Tunnel {
  readonly response: ServerResponse
  readonly answer: IncomingMessage
  readonly socket: Duplex
  /** What each side sent behind its half of the handshake. */
  readonly clientHead: Buffer
  readonly upstreamHead: Buffer
  /** What an answer that selects no subprotocol is given. */
  readonly selectedOtherwise: string | undefined
}

/**
 * Hands the 101 on and joins the two connections: bytes from there on, so that frames, extensions and close codes are the
 * two ends' own.
 */
export function joinTunnel(tunnel: Tunnel, head: ResponseHead, limits: ProxyLimits): void {
  const { response, answer, clientHead, upstreamHead, selectedOtherwise } = tunnel
  const upstream = tunnel.socket as Socket
  const client = response.req.socket
  const silent = valuesOf(answer.rawHeaders, SUBPROTOCOL_HEADER.toLowerCase()).length === 0
  response.sendDate = false
  response.writeHead(101, reasonPhrase(answer), [
    ...forwardResponseHeaders(answer.rawHeaders, head),
    ...['Connection', 'Upgrade', 'Upgrade', 'websocket'],
    ...(silent && selectedOtherwise !== undefined ? [SUBPROTOCOL_HEADER, selectedOtherwise] : []),
  ])
  response.flushHeaders()
  response.detachSocket(client)
  client.write(upstreamHead)
  upstream.write(clientHead)
  join(client, upstream, limits)
  join(upstream, client, limits)
}

function join(from: Socket, to: Socket, limits: ProxyLimits): void {
  from.setNoDelay(true).setKeepAlive(true)
  from.setTimeout(limits.socketIdleTimeoutMs, () => from.destroy())
  from.on('error', () => from.destroy())
  // Whoever has said its last is given a moment to hear the other out.
  from.once('end', () => from.setTimeout(limits.lingerMs))
  from.once('close', () => to.destroySoon())
  from.pipe(to)
}
