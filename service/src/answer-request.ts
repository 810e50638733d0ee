import type { OutgoingHttpHeader } from 'node:http'
import { CORRELATION_ID_HEADER, ERRORS } from '@interhuman-auth/protocol'
import { ApiError, toApiError } from './api-error.ts'
import { formatErrorResponse } from './error-response.ts'
import type { Exchange } from './http-exchange.ts'
import { type StreamedBody, startStream } from './http-stream.ts'
import type { Admission } from './limits/admission.ts'
import { endLingering } from './linger.ts'
import { readJsonBody } from './request-body.ts'
import { isPlainHead, pathOf } from './request-head.ts'
import type { RequestLog } from './request-log.ts'
import { findRoute, refuseRoute } from './routes/match-path.ts'
import type { Route, RouteResponse } from './routes/route.ts'

/** What answering needs from outside. */
export interface AnswerDependencies {
  readonly requestLog: RequestLog
  readonly errorPage: string
  readonly admission: Admission
}

/** Answers a request: finds its route, lets it in, reads its body, has the route do its work, writes what came of it. */
export async function answerRequest(
  exchange: Exchange,
  routes: readonly Route[],
  maxBodyBytes: number,
  dependencies: AnswerDependencies,
): Promise<void> {
  const { admission } = dependencies
  try {
    const route = takeRoute(exchange, routes)
    const overload = admission.judgeLoad(exchange, route)
    if (overload !== undefined) return sendError(exchange, overload, overload, dependencies)
    const admitted = admission.admit(exchange, route)
    if (admitted !== undefined) await admitted
    // Each await costs a turn of its own, also of nothing.
    if (route.authorize !== undefined) await route.authorize(exchange)
    const readBody = route.readBody ?? (hasJsonBody(route) ? readJsonBody : undefined)
    if (readBody !== undefined) exchange.body = await readBody(exchange.request, maxBodyBytes)
    admission.begin(route)
    let answer: RouteResponse
    try {
      answer = await route.handler(exchange)
    } finally {
      admission.end(route)
    }
    send(exchange, answer.status ?? 200, answer.headers, answer.body)
  } catch (error) {
    sendError(exchange, error, await admission.judgeFailure(exchange, toApiError(error)), dependencies)
  }
}

/** By the head alone, before a body is read. */
function takeRoute(exchange: Exchange, routes: readonly Route[]): Route {
  const { request } = exchange
  if (!isPlainHead(request)) throw new ApiError(ERRORS.malformedRequest, { headers: { Connection: 'close' } })
  const found = findRoute(routes, request.method === 'HEAD' ? 'GET' : request.method, request.url)
  if (found === undefined) throw refuseRoute(routes, request.url)
  exchange.route = found.route.path
  exchange.parameters = found.parameters
  return found.route
}

function hasJsonBody({ method }: Route): boolean {
  return method === 'POST' || method === 'PATCH'
}

function sendError(
  exchange: Exchange,
  thrown: unknown,
  error: ApiError,
  dependencies: AnswerDependencies,
): void {
  const { request, correlationId } = exchange
  exchange.errorId = error.row.id
  // What was thrown on purpose has nothing more to tell than its row.
  if (error.row.status >= 500 && thrown !== error)
    dependencies.requestLog.failure(error.row.id, correlationId, thrown)
  const path = exchange.route ?? pathOf(request.url)
  const response = formatErrorResponse(error, path, { correlationId, errorPage: dependencies.errorPage })
  const { socket } = request
  // Closed with the rest of a body unread, the connection would be reset, and the answer could be lost on its way.
  if (!request.complete) socket.destroySoon = () => endLingering(socket)
  send(exchange, response.status, response.headers, response.body)
}

function send(
  exchange: Exchange,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | StreamedBody,
): void {
  const { request, response } = exchange
  if (response.headersSent || response.destroyed) return
  // Names and values in turn, which Node writes as they are: to copy objects would cost more.
  const head: OutgoingHttpHeader[] = [CORRELATION_ID_HEADER, exchange.correlationId]
  // An error brings the same id: in a list it would stand twice, and be read as one that nobody made.
  for (const name in headers) if (name !== CORRELATION_ID_HEADER) head.push(name, headers[name] as string)
  if (typeof body === 'string') {
    head.push('Content-Length', Buffer.byteLength(body))
    response.writeHead(status, head)
    response.end(body)
    return
  }
  response.writeHead(status, head)
  exchange.stream = startStream(response, request.method !== 'HEAD', body)
}
