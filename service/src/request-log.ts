import { CLIENT_REQUEST_ID_HEADER } from '@interhuman-auth/protocol'
import type { ApiError } from './api-error.ts'
import { readClientRequestId } from './correlation.ts'
import type { Exchange } from './http-exchange.ts'
import type { Log } from './log.ts'
import type { RequestRecord } from './request-record.ts'

/** Who is refused with these is looked for; nobody else's address is kept. */
const REFUSED = new Set([401, 403, 429])

const CLIENT_REQUEST_ID = CLIENT_REQUEST_ID_HEADER.toLowerCase()

/**
 * Says what is told of a request whose connection or answer has come to its end.
 *
 * @param endedAt milliseconds of the clock that the exchange was opened by.
 * @see Our contract, section 1: the correlation id, and the client's own id beside it
 */
export function describeExchange(exchange: Exchange, endedAt: number): RequestRecord {
  const { request, response } = exchange
  return {
    method: request.method ?? 'UNKNOWN',
    route: exchange.route ?? null,
    status: response.writableFinished ? response.statusCode : (exchange.answeredStatus ?? 0),
    correlationId: exchange.correlationId,
    clientRequestId: readClientRequestId(request.headers[CLIENT_REQUEST_ID]),
    keyId: exchange.keyId,
    errorId: exchange.errorId,
    client: REFUSED.has(response.statusCode) ? exchange.clientAddress : undefined,
    ms: Math.round((endedAt - exchange.startedAt) * 1000) / 1000,
  }
}

/** Says what is told of what Node's parser refused before it became a request. */
export function describeRefused(error: ApiError, correlationId: string): RequestRecord {
  return {
    method: 'UNKNOWN',
    route: null,
    status: error.row.status,
    correlationId,
    errorId: error.row.id,
    ms: 0,
  }
}

/** Writes the line of a request. */
export function logRequest(log: Log, record: RequestRecord): void {
  log.info({
    event: 'request',
    method: record.method,
    route: record.route,
    status: record.status,
    correlation_id: record.correlationId,
    client_request_id: record.clientRequestId,
    key_id: record.keyId,
    error_id: record.errorId,
    client: record.client,
    ms: record.ms,
  })
}
