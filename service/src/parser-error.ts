import type { IncomingMessage, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { ERRORS, type ErrorRow } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'
import { type ErrorResponse, formatErrorResponse } from './error-response.ts'

/** The request that a connection is busy with. */
export interface OpenExchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** What answering for Node's parser needs from outside. */
export interface ParserErrorDependencies {
  readonly errorPage: string
  newCorrelationId(): string
  /** The request that the connection is busy with, if there is one. */
  openExchange(socket: Socket): OpenExchange | undefined
  onAnswered(error: ApiError, correlationId: string, exchange: OpenExchange | undefined): void
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
    const apiError = new ApiError(ROWS[error.code ?? ''] ?? ERRORS.malformedRequest)
    const exchange = dependencies.openExchange(socket)
    const answer = () => {
      if (socket.writable) writeAnswer(socket, apiError, exchange, dependencies)
    }
    // Pipelined garbage behind a whole request: that request's answer goes out first.
    if (exchange?.request.complete) exchange.response.once('close', answer)
    else answer()
  }
}

function writeAnswer(
  socket: Socket,
  error: ApiError,
  exchange: OpenExchange | undefined,
  dependencies: ParserErrorDependencies,
): void {
  const broken = exchange?.request.complete === true ? undefined : exchange
  if (broken?.response.headersSent) {
    socket.destroy()
    return
  }
  const correlationId = dependencies.newCorrelationId()
  const response = formatErrorResponse(error, broken?.request.url, {
    correlationId,
    errorPage: dependencies.errorPage,
  })
  socket.end(formatRawResponse(response))
  dependencies.onAnswered(error, correlationId, broken)
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
