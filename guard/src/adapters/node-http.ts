import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessTokenClaims, ClientTokenCaps, Scope } from '@interhuman-auth/protocol'
import type { Denied } from '../denial.ts'
import type { Protect } from '../protect.ts'

/** How long, in milliseconds, the rest of a refused body is read and thrown away, so that the answer is not lost. */
const LINGER_MS = 5_000

/**
 * What stands behind the guard; with a client token it gets the caps to hold the request to. What it throws is not
 * caught, as with Node's own listeners.
 */
export type ProtectedHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  claims: AccessTokenClaims,
  caps: ClientTokenCaps | undefined,
) => void | Promise<void>

/** A handler, the scope that it needs, and who decides. */
export interface ProtectHandlerOptions {
  readonly protect: Protect
  readonly scope: Scope
  readonly handler: ProtectedHandler
  /** Hears of each denial once it is answered, for the operator's log. What it throws is not caught. */
  readonly onDenied?: (denied: Denied) => void
}

/**
 * Puts a guard before a handler of Node's http server. The body is not read before the decision, and the handler does
 * not see a denied request. A denied one whose body is still coming is answered at once; its connection closes when the
 * body ends, the client hangs up or five seconds are over. Node's `upgrade` event passes this by: call `protect` there.
 */
export function protectHandler(
  options: ProtectHandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { protect, scope, handler, onDenied } = options
  return async function protectedListener(request, response) {
    const decision = await protect(readRequest(request), scope)
    if (decision.granted) return handler(request, response, decision.claims, decision.caps)
    writeDenial(request, response, decision)
    onDenied?.(decision)
  }
}

/** Node keeps only the first of two `Authorization` headers in `headers`; the guard must see both. */
function readRequest(request: IncomingMessage) {
  const { method = '', url = '', headersDistinct } = request
  const get = (name: string) => headersDistinct[name.toLowerCase()]?.join(', ') ?? null
  return { method, url, headers: { get } }
}

function writeDenial(request: IncomingMessage, response: ServerResponse, denied: Denied): void {
  const headers = { ...denied.headers, 'Content-Length': Buffer.byteLength(denied.body) }
  if (request.complete || !hasBody(request)) {
    response.writeHead(denied.status, headers).end(denied.body)
    return
  }
  // Ended now, the socket would be reset under what still comes, and the client could lose the answer.
  response.writeHead(denied.status, { ...headers, Connection: 'close' }).write(denied.body)
  const end = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, LINGER_MS)
  request.once('end', end).once('close', end).resume()
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
