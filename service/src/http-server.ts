import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { FORWARDED_FOR_HEADER } from '@interhuman-auth/protocol'
import type { Address } from './address.ts'
import { type AnswerDependencies, answerRequest } from './answer-request.ts'
import type { Config } from './config.ts'
import type { Exchange } from './http-exchange.ts'
import type { Log } from './log.ts'
import type { RequestTrace, TraceHeaders } from './observation/traces.ts'
import { createParserErrorListener } from './parser-error.ts'
import { describeExchange, describeRefused, openRequestLog, type RequestLog } from './request-log.ts'
import type { RequestRecord } from './request-record.ts'
import { refuseRoute } from './routes/match-path.ts'
import type { Route } from './routes/route.ts'

/** The limits of the HTTP interface. */
export type HttpLimits = Pick<
  Config,
  | 'maxBodyBytes'
  | 'maxHeaderBytes'
  | 'requestTimeoutMs'
  | 'keepAliveTimeoutMs'
  | 'maxConnections'
  | 'refusalLinesPerSecond'
>

/** What the HTTP server needs from outside. */
export interface HttpServerDependencies extends Omit<AnswerDependencies, 'requestLog'> {
  readonly log: Log
  /** Hears of every request at its end, beside the log. */
  readonly observeRequest?: ((record: RequestRecord) => void) | undefined
  /** Counts what came of a request, at its end. */
  readonly countUse?: ((exchange: Exchange) => void) | undefined
  /** Opens the trace of a request. */
  readonly openTrace?: ((headers: TraceHeaders) => RequestTrace) | undefined
  newCorrelationId(): string
  /** Says who a request comes from, by the connection's peer and `X-Forwarded-For`. */
  clientAddress(peer: string | undefined, forwardedFor: string | undefined): string
  /** Milliseconds from any fixed moment. */
  monotonicMs(): number
}

type Dependencies = HttpServerDependencies & AnswerDependencies

/** The service's HTTP interface. */
export interface HttpServer {
  /** Resolves with the port that is listened on. */
  listen(address: Address): Promise<number>
  /** Stops listening; resolves when every request in flight is answered and its connection closed. */
  close(): Promise<void>
}

/** How often Node looks for requests that take too long, in milliseconds. */
const TIMEOUT_CHECK_MS = 250

const FORWARDED_FOR = FORWARDED_FOR_HEADER.toLowerCase()

/**
 * Makes the HTTP server of a route table: limits, correlation ids, the error bodies, one log line a request.
 *
 * @see Our contract, sections 1 and 2
 */
export function createHttpServer(
  routes: readonly Route[],
  limits: HttpLimits,
  handedIn: HttpServerDependencies,
): HttpServer {
  const requestLog = openRequestLog(handedIn.log, limits.refusalLinesPerSecond)
  const dependencies: Dependencies = { ...handedIn, requestLog }
  const open = new WeakMap<Socket, Exchange>()
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const exchange = openExchange(request, response, dependencies)
    open.set(request.socket, exchange)
    const run = () => void answerRequest(exchange, routes, limits.maxBodyBytes, dependencies)
    if (exchange.trace === undefined) run()
    else exchange.trace.run(run)
  }
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.requestTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      // Node would answer without a body; a head without a host is refused with ours.
      requireHostHeader: false,
    },
    serve,
  )
  server.maxConnections = limits.maxConnections
  server.on('connection', (socket: Socket) => {
    if (!dependencies.admission.admitConnection(socket)) socket.destroy()
  })
  // Node would answer 417 without a body; an expectation that nobody knows is ignored (RFC 9110 section 10.1.1 allows it).
  server.on('checkExpectation', serve)
  // Node would close the connection without an answer.
  server.on('connect', (request, socket: Socket) => {
    const response = new ServerResponse(request)
    response.assignSocket(socket)
    response.once('finish', () => socket.destroySoon())
    serve(request, response)
  })
  server.on(
    'clientError',
    createParserErrorListener({
      errorPage: dependencies.errorPage,
      newCorrelationId: () => dependencies.newCorrelationId(),
      openExchange: (socket) => open.get(socket),
      refuseMethod: (target) => refuseRoute(routes, target),
      onAnswered: (error, correlationId) => tell(describeRefused(error, correlationId), dependencies),
    }),
  )
  return { listen: (address) => listen(server, address), close: closer(server, open, requestLog) }
}

function listen(server: Server, address: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** A connection that is busy when the service stops is closed behind its answer, not kept until it is idle too long. */
function closer(
  server: Server,
  open: WeakMap<Socket, Exchange>,
  requestLog: RequestLog,
): () => Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return function close() {
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false
    })
    for (const socket of sockets) {
      const exchange = open.get(socket)
      if (exchange === undefined) continue
      exchange.response.shouldKeepAlive = false
      exchange.stream?.end()
    }
    return new Promise((resolve) => {
      server.close(() => {
        requestLog.flush()
        resolve()
      })
    })
  }
}

function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  dependencies: Dependencies,
): Exchange {
  const exchange: Exchange = {
    request,
    response,
    correlationId: dependencies.newCorrelationId(),
    startedAt: dependencies.monotonicMs(),
    trace: dependencies.openTrace?.(request.headers),
    target: request.url ?? '',
    headers: request.headers,
    parameters: {},
    clientAddress: dependencies.clientAddress(request.socket.remoteAddress, forwardedFor(request)),
    body: undefined,
    stream: undefined,
    route: undefined,
    keyId: undefined,
    knownKeyId: '',
    secretNumber: 0,
    verifierId: '',
    actor: undefined,
    countedAtOnce: undefined,
    errorId: undefined,
    answeredStatus: undefined,
  }
  response.once('close', () => {
    dependencies.admission.leave(exchange)
    const record = describeExchange(exchange, dependencies.monotonicMs())
    tell(record, dependencies)
    dependencies.countUse?.(exchange)
    exchange.trace?.end(record)
  })
  return exchange
}

function tell(record: RequestRecord, { requestLog, observeRequest }: Dependencies): void {
  requestLog.request(record)
  observeRequest?.(record)
}

/** Node joins repeated headers of this name with commas. */
function forwardedFor(request: IncomingMessage): string | undefined {
  return request.headers[FORWARDED_FOR] as string | undefined
}
