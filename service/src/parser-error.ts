import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { ERRORS, type ErrorRow } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'
import { type ErrorResponse, formatErrorResponse } from './error-response.ts'
import type { Exchange } from './http-exchange.ts'
import { endLingering } from './linger.ts'
import { pathOf, readRefusedLine } from './request-head.ts'

/** What answering for Node's parser needs from outside. */
export interface ParserErrorDependencies {
  readonly errorPage: string
  newCorrelationId(): string
  /** The request that the connection is busy with, if there is one. */
  openExchange(socket: Socket): Exchange | undefined
  /** The error for a method that no route takes. */
  refuseMethod(target: string): ApiError
  /** Hears of an answer to what never became a request; an open request is logged as any other. */
  onAnswered(error: ApiError, correlationId: string): void
}

const ROWS: Readonly<Record<string, ErrorRow>> = {
  HPE_HEADER_OVERFLOW: ERRORS.headersTooLarge,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ERRORS.bodyTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: ERRORS.requestTimeout,
}

/**
 * Answers for what Node's parser refuses (not HTTP, headers too large, a request that does not arrive) with the contract's
 * body, and closes the connection.
 *
 * @see Our contract, section 2
 */
export function createParserErrorListener(dependencies: ParserErrorDependencies) {
  return function onParserError(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const exchange = dependencies.openExchange(socket)
    const answer = () => {
      if (socket.writable) answerRefused(error, socket, exchange, dependencies)
    }
    // Pipelined garbage behind a whole request: that request's answer goes out first.
    const pending = exchange?.request.complete === true && !exchange.response.writableFinished
    if (pending) exchange.response.once('close', answer)
    else answer()
  }
}

function answerRefused(
  error: NodeJS.ErrnoException,
  socket: Socket,
  exchange: Exchange | undefined,
  dependencies: ParserErrorDependencies,
): void {
  const row = ROWS[error.code ?? ''] ?? ERRORS.malformedRequest
  if (exchange === undefined || exchange.request.complete) {
    const line = readRefusedLine('rawPacket' in error ? error.rawPacket : undefined)
    const unknownMethod = error.code === 'HPE_INVALID_METHOD' && line?.unknownMethod === true
    const apiError = unknownMethod ? dependencies.refuseMethod(line.target) : new ApiError(row)
    const correlationId = dependencies.newCorrelationId()
    writeAnswer(socket, apiError, pathOf(line?.target), correlationId, dependencies)
    dependencies.onAnswered(apiError, correlationId)
    return
  }
  const { request, response } = exchange
  if (response.headersSent) {
    socket.destroy()
    return
  }
  exchange.errorId = row.id
  exchange.answeredStatus = row.status
  writeAnswer(socket, new ApiError(row), pathOf(request.url), exchange.correlationId, dependencies)
}

function writeAnswer(
  socket: Socket,
  error: ApiError,
  path: string,
  correlationId: string,
  dependencies: ParserErrorDependencies,
): void {
  const { errorPage } = dependencies
  // The parser would refuse what still comes, chunk by chunk.
  socket.removeAllListeners('data').on('data', () => {})
  endLingering(socket, formatRawResponse(formatErrorResponse(error, path, { correlationId, errorPage })))
}

function formatRawResponse(response: ErrorResponse): string {
  const headers = {
    ...response.headers,
    'Content-Length': Buffer.byteLength(response.body),
    Connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}\r\n${lines.join('')}\r\n${response.body}`
}
