import type { Socket } from 'node:net'
import {
  CLIENT_REQUEST_ID_HEADER,
  CORRELATION_ID_HEADER,
  ERRORS,
  JSON_CONTENT_TYPE,
} from '@interhuman-auth/protocol'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { ApiError, toApiError } from './api-error.ts'
import type { Config } from './config.ts'
import { readClientRequestId } from './correlation.ts'
import { formatErrorResponse } from './error-response.ts'
import type { Log } from './log.ts'
import { createParserErrorListener, type OpenExchange } from './parser-error.ts'
import { parseJsonBody } from './request-body.ts'
import { logRequest } from './request-log.ts'
import type { Route } from './routes/route.ts'

/** The limits of the HTTP interface. */
export type HttpLimits = Pick<
  Config,
  'maxBodyBytes' | 'maxHeaderBytes' | 'requestTimeoutMs' | 'keepAliveTimeoutMs' | 'maxConnections'
>

/** What the HTTP server needs from outside. */
export interface HttpServerDependencies {
  readonly log: Log
  readonly errorPage: string
  newCorrelationId(): string
}

/** How often Node looks for requests that take too long, in milliseconds. */
const TIMEOUT_CHECK_MS = 250

/**
 * Makes the HTTP server of a route table: limits, correlation ids, the error bodies, one log line a request.
 *
 * @see Our contract, sections 1 and 2
 */
export function createHttpServer(
  routes: readonly Route[],
  limits: HttpLimits,
  dependencies: HttpServerDependencies,
): FastifyInstance {
  const open = new WeakMap<Socket, OpenExchange>()
  const app = fastify({
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    http: {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      // Node would answer without a body; the hook below refuses with ours.
      requireHostHeader: false,
    },
    requestIdHeader: false,
    genReqId: () => dependencies.newCorrelationId(),
    // A request that arrives on a kept connection while the service stops is answered, not refused.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: createParserErrorListener({
      errorPage: dependencies.errorPage,
      newCorrelationId: () => dependencies.newCorrelationId(),
      openExchange: (socket) => open.get(socket),
      onAnswered: (error, correlationId, exchange) =>
        logParserError(dependencies.log, error, correlationId, exchange),
    }),
    frameworkErrors: (error, request, reply) =>
      sendError(toHttpError(error, request), request, reply, dependencies),
  })
  app.server.maxConnections = limits.maxConnections
  // Node would answer 417 without a body; an expectation that nobody knows is ignored (RFC 9110 section 10.1.1 allows it).
  app.server.on('checkExpectation', (request, response) => app.routing(request, response))
  readJsonBodies(app)
  answerErrors(app, routes, dependencies)
  followRequests(app, open, dependencies)
  for (const route of routes) app.route({ method: route.method, url: route.path, handler: route.handler })
  return app
}

function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    JSON_CONTENT_TYPE,
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, bytes: Buffer) => parseJsonBody(bytes),
  )
}

function answerErrors(
  app: FastifyInstance,
  routes: readonly Route[],
  dependencies: HttpServerDependencies,
): void {
  app.setErrorHandler((error, request, reply) => {
    const apiError = toHttpError(error, request)
    if (apiError.row.status >= 500)
      dependencies.log.error({ event: 'failure', correlation_id: request.id, error })
    return sendError(apiError, request, reply, dependencies)
  })
  app.setNotFoundHandler((request) => {
    const path = pathOf(request.raw.url)
    const methods = routes.filter((route) => route.path === path).map((route) => route.method)
    if (methods.length === 0) throw new ApiError(ERRORS.notFound)
    const allow = methods.includes('GET') ? [...methods, 'HEAD'] : methods
    throw new ApiError(ERRORS.methodNotAllowed, { headers: { Allow: allow.join(', ') } })
  })
}

function followRequests(
  app: FastifyInstance,
  open: WeakMap<Socket, OpenExchange>,
  dependencies: HttpServerDependencies,
): void {
  app.decorateRequest('keyId', undefined)
  app.decorateRequest('errorId', undefined)
  app.addHook('onRequest', (request, reply, done) => {
    open.set(request.raw.socket, { request: request.raw, response: reply.raw })
    reply.header(CORRELATION_ID_HEADER, request.id)
    const hostless = request.raw.httpVersion === '1.1' && request.headers.host === undefined
    done(hostless ? new ApiError(ERRORS.malformedRequest) : undefined)
  })
  app.addHook('onResponse', (request, reply, done) => {
    logRequest(dependencies.log, {
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply.raw.writableFinished ? reply.statusCode : 0,
      correlationId: request.id,
      clientRequestId: readClientRequestId(request.headers[CLIENT_REQUEST_ID_HEADER.toLowerCase()]),
      keyId: request.keyId,
      errorId: request.errorId,
      ms: Math.round(reply.elapsedTime * 1000) / 1000,
    })
    done()
  })
}

/** What the framework refuses, in the catalogue's words. */
const FRAMEWORK_ERRORS: Readonly<Record<string, keyof typeof ERRORS>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'bodyTooLarge',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'wrongContentType',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformedRequest',
  FST_ERR_BAD_URL: 'malformedRequest',
}

function toHttpError(error: unknown, request: FastifyRequest): ApiError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const name = FRAMEWORK_ERRORS[code]
  if (name !== undefined) return new ApiError(ERRORS[name])
  // The client went away before its request was whole: nobody reads the answer, and nothing failed here.
  if (request.raw.destroyed && !request.raw.complete) return new ApiError(ERRORS.malformedRequest)
  return toApiError(error)
}

function sendError(
  error: ApiError,
  request: FastifyRequest,
  reply: FastifyReply,
  dependencies: HttpServerDependencies,
): FastifyReply {
  request.errorId = error.row.id
  const response = formatErrorResponse(error, request.raw.url, {
    correlationId: request.id,
    errorPage: dependencies.errorPage,
  })
  // With the rest of a large body unread, closing at once could take the answer away from the client; Node drains it
  // until the request's time-out instead.
  reply.removeHeader('connection')
  return reply.code(response.status).headers(response.headers).send(response.body)
}

function logParserError(
  log: Log,
  error: ApiError,
  correlationId: string,
  exchange: OpenExchange | undefined,
): void {
  logRequest(log, {
    method: exchange?.request.method ?? 'UNKNOWN',
    route: null,
    status: error.row.status,
    correlationId,
    clientRequestId: undefined,
    keyId: undefined,
    errorId: error.row.id,
    ms: 0,
  })
}

function pathOf(url: string | undefined): string {
  return url?.split('?', 1)[0] ?? ''
}
