import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { ERRORS } from '@interhuman-auth/protocol'
import { type Call, reach } from './attempt.ts'
import { ProxyFault } from './fault.ts'
import { type Admitted, admit, type Gate } from './gate.ts'
import { forwardRequestHeaders } from './headers.ts'
import type { ProxyLimits } from './limits.ts'
import { lingerBehind } from './linger.ts'
import type { LivingToken } from './living-token.ts'
import { formatRefusal, sendRefusal } from './refuse.ts'
import { relayAnswer, relayInterim } from './relay.ts'
import { gatherBody, planBody, pourBody } from './request-body.ts'
import { readSubprotocolOffer } from './subprotocol-offer.ts'
import { joinTunnel } from './tunnel.ts'
import type { Upstream } from './upstream.ts'
import { whenOver } from './when-over.ts'

/** One request and what became of it, for the operator: never a query, a header, or what was not let in. */
export interface ExchangeEvent {
  readonly method: string
  /** Absent where the request was not let in: what stands there may be a mistyped secret. */
  readonly path: string | undefined
  /** Absent where the client left before there was an answer. */
  readonly status: number | undefined
  readonly durationMs: number
  /** The id of an error of the proxy's own, and the system's word for it. */
  readonly errorId: string | undefined
  readonly systemCode: string | undefined
}

/** What answering needs from outside. */
export interface ServeDependencies {
  readonly gate: Gate
  /** What stands for the address of the key, asked once it is known. */
  readonly baseUrl: () => string
  readonly upstream: Upstream
  readonly limits: ProxyLimits
  readonly tokens: (scopes: readonly string[]) => Promise<LivingToken>
  readonly newCorrelationId: () => string
  readonly monotonicMs: () => number
  readonly onExchange: (event: ExchangeEvent) => void
}

/** How a request asks: plainly, with a body that waits for a 100, or for a WebSocket. */
export type Manner = 'plain' | 'continue' | 'upgrade'

/** Answers one request to its end. For an upgrade `head` is what came behind the request. */
export type Serve = (
  request: IncomingMessage,
  response: ServerResponse,
  manner: Manner,
  head?: Buffer,
) => Promise<void>

/** Makes what answers every request: the gate, then the way to the API and back. */
export function createServe(dependencies: ServeDependencies): Serve {
  const { gate, upstream, limits } = dependencies
  const ending = new WeakSet<Socket>()
  let open = 0
  return async function serve(request, response, manner, head = Buffer.alloc(0)) {
    const { socket } = request
    // Behind a request that ends the connection nothing is one any more (RFC 9112 section 9.6).
    if (socket.destroyed || ending.has(socket)) return
    if (!response.shouldKeepAlive) ending.add(socket)
    const startedAt = dependencies.monotonicMs()
    const gone = new AbortController()
    const admission = admit(request, gate)
    const path = 'refused' in admission ? undefined : admission.path
    let fault: ProxyFault | undefined
    open += 1
    // A WebSocket's response is done with the handshake, its connection is not.
    whenOver(manner === 'upgrade' ? socket : response, socket, () => {
      open -= 1
      gone.abort()
      const errorId = fault && ERRORS[fault.error].id
      const status = response.headersSent ? response.statusCode : undefined
      const durationMs = dependencies.monotonicMs() - startedAt
      const { method = '' } = request
      dependencies.onExchange({ method, path, status, durationMs, errorId, systemCode: fault?.systemCode })
    })
    if (!request.complete) lingerBehind(request, limits.lingerMs)
    try {
      if ('refused' in admission) throw new ProxyFault(admission.refused)
      if (open > limits.maxExchanges) throw new ProxyFault('unavailable', { retryAfterSeconds: 1 })
      await forward({ request, response, manner, head, admission, signal: gone.signal }, dependencies)
    } catch (thrown) {
      fault = thrown instanceof ProxyFault ? thrown : new ProxyFault('internal')
      if (gone.signal.aborted) return
      if (!request.complete || fault.error === 'malformedRequest') {
        response.shouldKeepAlive = false
        ending.add(socket)
      }
      const { error, retryAfterSeconds } = fault
      const correlationId = dependencies.newCorrelationId()
      const context = { error, path, retryAfterSeconds, correlationId, upstreamUrl: upstream.url }
      sendRefusal(response, formatRefusal(context))
    }
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly manner: Manner
  readonly head: Buffer
  readonly admission: Admitted
  readonly signal: AbortSignal
}

async function forward(exchange: Exchange, dependencies: ServeDependencies): Promise<void> {
  const { request, response, manner, admission, signal } = exchange
  const { upstream, baseUrl, tokens } = dependencies
  const responseHead = { upstreamUrl: upstream.url, baseUrl: baseUrl() }
  const { method = '', rawHeaders } = request
  const way =
    manner === 'upgrade' ? planUpgrade(request, admission) : await planRequest(exchange, dependencies)
  const call: Call = {
    method,
    target: admission.target,
    headers: (token) => forwardRequestHeaders(rawHeaders, { host: upstream.host, token, ...way.head }),
    body: way.body,
    signal,
    onInterim: (interim) => relayInterim(response, interim, responseHead),
    onContinue: () => {
      if (manner === 'continue' && !response.headersSent) response.writeContinue()
    },
  }
  const reached = await reach(call, await tokens(admission.scopes), dependencies)
  if (reached.upgraded !== undefined && manner !== 'upgrade') {
    // Nobody asked for another protocol: what the client sends next is a request, and not the API's to read.
    reached.upgraded.socket.destroy()
    throw new ProxyFault('proxyUpstreamFailed')
  }
  if (response.headersSent || response.destroyed) reached.outgoing.destroy()
  else if (reached.upgraded === undefined) relayAnswer(response, reached, responseHead)
  else {
    const { socket, head: upstreamHead } = reached.upgraded
    const { selectedOtherwise } = readSubprotocolOffer(rawHeaders, admission.path)
    const { answer } = reached
    const tunnel = { response, answer, socket, clientHead: exchange.head, upstreamHead, selectedOtherwise }
    joinTunnel(tunnel, responseHead, dependencies.limits)
  }
}

async function planRequest({ request, manner }: Exchange, { limits }: ServeDependencies) {
  const expectation = manner === 'continue' ? ['Expect', '100-continue'] : []
  const { gathered, framing } = planBody(request, manner === 'continue', limits)
  const body: Call['body'] = gathered
    ? await gatherBody(request, limits.gatherTimeoutMs)
    : (outgoing) => pourBody(request, outgoing)
  return { body, head: { own: [...framing, ...expectation] } }
}

function planUpgrade({ rawHeaders }: IncomingMessage, { path }: Admitted) {
  const { subprotocols } = readSubprotocolOffer(rawHeaders, path)
  return {
    body: Buffer.alloc(0),
    head: { own: ['Connection', 'Upgrade', 'Upgrade', 'websocket'], subprotocols },
  }
}
