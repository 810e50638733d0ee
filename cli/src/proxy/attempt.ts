import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { CHALLENGE_HEADER } from '@interhuman-auth/protocol'
import { ProxyFault } from './fault.ts'
import { type RawHeaders, valuesOf } from './headers.ts'
import type { ProxyLimits } from './limits.ts'
import type { LivingToken, ProxiedToken } from './living-token.ts'
import type { Upstream } from './upstream.ts'

/** An interim answer (1xx) of the API. */
export interface Interim {
  readonly statusCode: number
  readonly statusMessage: string
  readonly rawHeaders: RawHeaders
}

/** A request on its way to the API. */
export interface Call {
  readonly method: string
  readonly target: string
  readonly headers: (token: string) => RawHeaders
  /** The whole body; or what pours a stream, which is called once. */
  readonly body: Buffer | ((outgoing: ClientRequest) => void)
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  readonly onInterim: (interim: Interim) => void
  /** The API asks for the body. */
  readonly onContinue: () => void
}

/** What came back: an answer, or for a WebSocket a connection and its first bytes. */
export interface Reached {
  readonly outgoing: ClientRequest
  readonly answer: IncomingMessage
  readonly upgraded?: { readonly socket: Duplex; readonly head: Buffer }
}

/** What an attempt needs from outside. */
export interface AttemptDependencies {
  readonly upstream: Upstream
  readonly limits: ProxyLimits
}

/**
 * Sends a request with a living token. On a 401 that says the token is invalid that token is dropped, and a request whose
 * body is whole is sent once more with another; any other answer, and the second 401, is given as it is.
 *
 * @throws {ProxyFault} when no answer came.
 */
export async function reach(
  call: Call,
  tokens: LivingToken,
  dependencies: AttemptDependencies,
): Promise<Reached> {
  const { streamValiditySeconds } = dependencies.limits
  const repeatable = typeof call.body !== 'function'
  const ask = { signal: call.signal, ...(!repeatable && { minValiditySeconds: streamValiditySeconds }) }
  const token = await obtain(tokens, ask)
  const first = await send(call, token, dependencies)
  if (!refusesToken(first.answer)) return first
  tokens.drop(token)
  if (!repeatable) return first
  const another = await tokens.getToken(ask).catch(() => undefined)
  if (another === undefined || another.value === token.value) return first
  first.outgoing.destroy()
  return send(call, another, dependencies)
}

async function obtain(tokens: LivingToken, options: { signal: AbortSignal }): Promise<ProxiedToken> {
  try {
    return await tokens.getToken(options)
  } catch (fault) {
    const { retryAfterSeconds } = Object(fault) as { retryAfterSeconds?: number }
    throw new ProxyFault('proxyTokenAbsent', { retryAfterSeconds })
  }
}

/**
 * Says whether an answer is about the token itself (RFC 6750 section 3.1). Without a challenge at all a 401 is taken to
 * be, as every request here carried a token.
 */
function refusesToken({ statusCode, rawHeaders }: IncomingMessage): boolean {
  if (statusCode !== 401) return false
  const challenges = valuesOf(rawHeaders, CHALLENGE_HEADER.toLowerCase())
  return (
    challenges.length === 0 || challenges.some((challenge) => /\berror="?invalid_token\b/.test(challenge))
  )
}

async function send(call: Call, token: ProxiedToken, dependencies: AttemptDependencies): Promise<Reached> {
  const safe = call.method === 'GET' || call.method === 'HEAD'
  const kept = safe && typeof call.body !== 'function' && call.body.length === 0
  try {
    return await sendOnce(call, token, !kept, dependencies)
  } catch (fault) {
    // The API may close an idle connection in the moment that a request is sent over it; a safe one is sent again.
    if (!(kept && fault instanceof ProxyFault && fault.systemCode === 'reused')) throw fault
    return sendOnce(call, token, true, dependencies)
  }
}

function sendOnce(
  call: Call,
  token: ProxiedToken,
  fresh: boolean,
  { upstream, limits }: AttemptDependencies,
): Promise<Reached> {
  const { method, target, body, signal } = call
  const outgoing = upstream.open({ method, target, headers: call.headers(token.value), fresh })
  const abort = () => outgoing.destroy()
  signal.addEventListener('abort', abort, { once: true })
  outgoing.once('close', () => signal.removeEventListener('abort', abort))
  if (signal.aborted) abort()
  outgoing.setTimeout(limits.idleTimeoutMs, () => outgoing.destroy(new ProxyFault('proxyUpstreamTimeout')))
  outgoing.once('finish', () => outgoing.setTimeout(limits.answerTimeoutMs))
  outgoing.on('information', call.onInterim).on('continue', call.onContinue)
  const reached = new Promise<Reached>((resolve, reject) => {
    outgoing.once('response', (answer) => {
      outgoing.setTimeout(limits.idleTimeoutMs)
      resolve({ outgoing, answer })
    })
    outgoing.once('upgrade', (answer, socket, head) => {
      // It is nobody's until the tunnel has it, or for good where the client has left by then.
      socket.on('error', () => socket.destroy())
      resolve({ outgoing, answer, upgraded: { socket, head } })
    })
    // Also after an answer, where it tells nobody anything: the answer's own end does.
    outgoing.on('error', (fault) => reject(toProxyFault(fault, outgoing)))
  })
  if (typeof body === 'function') body(outgoing)
  else outgoing.end(body)
  return reached
}

function toProxyFault(fault: NodeJS.ErrnoException, { reusedSocket }: ClientRequest): ProxyFault {
  if (fault instanceof ProxyFault) return fault
  const gone = fault.code === 'ECONNRESET' || fault.code === 'EPIPE'
  return new ProxyFault('proxyUpstreamFailed', { systemCode: reusedSocket && gone ? 'reused' : fault.code })
}
