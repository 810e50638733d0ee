import { ServerResponse } from 'node:http'
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
import { endLingering } from './linger.ts'
import type { Log } from './log.ts'
import { createParserErrorListener, type OpenExchange } from './parser-error.ts'
import { parseJsonBody } from './request-body.ts'
import { isPlainHead, pathOf, refuseRoute } from './request-head.ts'
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
  /** Milliseconds from any fixed moment. */
  monotonicMs(): number
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
      refuseMethod: (target) => refuseRoute(routes, target),
      onAnswered: (error, correlationId) => logRefused(dependencies.log, error, correlationId),
    }),
    frameworkErrors: (error, request, reply) => {
      // The framework runs no hook for these.
      const startedAt = dependencies.monotonicMs()
      reply.raw.once('finish', () => logAnswered(dependencies, request, reply, startedAt))
      return sendError(toHttpError(error, request), request, reply, dependencies)
    },
  })
  app.server.maxConnections = limits.maxConnections
  // Node would answer 417 without a body; an expectation that nobody knows is ignored (RFC 9110 section 10.1.1 allows it).
  app.server.on('checkExpectation', (request, response) => app.routing(request, response))
  // Node would close the connection without an answer.
  app.server.on('connect', (request, socket: Socket) => {
    const response = new ServerResponse(request)
    response.assignSocket(socket)
    response.once('finish', () => socket.destroySoon())
    app.routing(request, response)
  })
  readJsonBodies(app)
  answerErrors(app, dependencies)
  followRequests(app, open, routes, dependencies)
  endConnectionsOnClose(app, open)
  for (const route of routes) addRoute(app, route)
  return app
}

function addRoute(app: FastifyInstance, route: Route): void {
  app.route({
    method: route.method,
    url: route.path,
    onRequest(request, _reply, done) {
      // The framework's own account of a route is made anew at each reading.
      request.route = route.path
      done()
    },
    handler: route.handler,
  })
}

function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(JSON_CONTENT_TYPE, { parseAs: 'buffer' }, (_request, bytes: Buffer, done) => {
    try {
      done(null, parseJsonBody(bytes))
    } catch (error) {
      done(error as Error)
    }
  })
}

function answerErrors(app: FastifyInstance, dependencies: HttpServerDependencies): void {
  app.setErrorHandler((error, request, reply) => {
    const apiError = toHttpError(error, request)
    if (apiError.row.status >= 500)
      dependencies.log.error({ event: 'failure', correlation_id: request.id, error })
    return sendError(apiError, request, reply, dependencies)
  })
}

function followRequests(
  app: FastifyInstance,
  open: WeakMap<Socket, OpenExchange>,
  routes: readonly Route[],
  dependencies: HttpServerDependencies,
): void {
  app.decorateRequest('route', undefined)
  app.decorateRequest('keyId', undefined)
  app.decorateRequest('errorId', undefined)
  app.decorateRequest('answeredStatus', undefined)
  app.addHook('onRequest', (request, reply, done) => {
    open.set(request.raw.socket, { request, reply })
    // The framework's own hook does not hear of a connection that ended before the answer was out.
    const startedAt = dependencies.monotonicMs()
    reply.raw.once('close', () => logAnswered(dependencies, request, reply, startedAt))
    reply.header(CORRELATION_ID_HEADER, request.id)
    // By its head alone, before a body is read.
    if (!isPlainHead(request.raw))
      done(new ApiError(ERRORS.malformedRequest, { headers: { Connection: 'close' } }))
    else if (request.is404) done(refuseRoute(routes, request.raw.url))
    else done()
  })
}

/** A connection that is busy when the service stops is closed behind its answer, not kept until it is idle too long. */
function endConnectionsOnClose(app: FastifyInstance, open: WeakMap<Socket, OpenExchange>): void {
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  app.addHook('preClose', (done) => {
    app.server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false
    })
    for (const socket of sockets) {
      const response = open.get(socket)?.reply.raw
      if (response !== undefined) response.shouldKeepAlive = false
    }
    done()
  })
}

function logAnswered(
  { log, monotonicMs }: HttpServerDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  startedAt: number,
): void {
  logRequest(log, {
    method: request.method,
    route: request.route ?? null,
    status: reply.raw.writableFinished ? reply.statusCode : (request.answeredStatus ?? 0),
    correlationId: request.id,
    clientRequestId: readClientRequestId(request.raw.headers[CLIENT_REQUEST_ID_HEADER.toLowerCase()]),
    keyId: request.keyId,
    errorId: request.errorId,
    ms: Math.round((monotonicMs() - startedAt) * 1000) / 1000,
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
  const response = formatErrorResponse(error, request.route ?? pathOf(request.raw.url), {
    correlationId: request.id,
    errorPage: dependencies.errorPage,
  })
  // The framework would close the connection behind any body that it could not read; Node drains what is left of it.
  if (reply.raw.shouldKeepAlive) reply.removeHeader('connection')
  const { socket } = request.raw
  if (!request.raw.complete) socket.destroySoon = () => endLingering(socket)
  return reply.code(response.status).headers(response.headers).send(response.body)
}

function logRefused(log: Log, error: ApiError, correlationId: string): void {
  logRequest(log, {
    method: 'UNKNOWN',
    route: null,
    status: error.row.status,
    correlationId,
    clientRequestId: undefined,
    keyId: undefined,
    errorId: error.row.id,
    ms: 0,
  })
}
