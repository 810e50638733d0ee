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
export type ProtectedHandler<Claims = AccessTokenClaims> = (
  request: IncomingMessage,
  response: ServerResponse,
  claims: Claims,
  caps: ClientTokenCaps | undefined,
) => void | Promise<void>

/** A handler, the scope that it needs, and who decides. */
export interface ProtectHandlerOptions<Claims = AccessTokenClaims> {
  readonly protect: Protect<Claims>
  readonly scope: Scope
  readonly handler: ProtectedHandler<Claims>
  /** Hears of each denial once it is answered, for the operator's log. What it throws is not caught. */
  readonly onDenied?: (denied: Denied) => void
}

/**
 * Puts a guard before a handler of Node's http server. The body is not read before the decision, and the handler does
 * not see a denied request, nor an API key that was used as a bearer: its header is removed. A denied one whose body is still coming is answered at once; its connection closes when the
 * body ends, the client hangs up or five seconds are over. Node's `upgrade` event passes this by: call `protect` there.
 */
export function protectHandler<Claims = AccessTokenClaims>(
  options: ProtectHandlerOptions<Claims>,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { protect, scope, handler, onDenied } = options
  return async function protectedListener(request, response) {
    const decision = await protect(readRequest(request), scope)
    if (decision.granted) {
      stripHeaders(request, decision.strip)
      return handler(request, response, decision.claims, decision.caps)
    }
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

/** Node keeps headers in three places, two of which it fills from the third when they are read first. */
function stripHeaders(request: IncomingMessage, names: readonly string[] = []): void {
  for (const name of names) {
    delete request.headers[name]
    delete request.headersDistinct[name]
    const { rawHeaders } = request
    for (let at = rawHeaders.length - 2; at >= 0; at -= 2)
      if (rawHeaders[at]?.toLowerCase() === name) rawHeaders.splice(at, 2)
  }
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
