import { CLIENT_REQUEST_ID_HEADER } from '@interhuman-auth/protocol'
import type { ApiError } from './api-error.ts'
import { readClientRequestId } from './correlation.ts'
import type { Exchange } from './http-exchange.ts'
import type { Log } from './log.ts'
import { createLogSample } from './log-sample.ts'
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
    actor: exchange.actor,
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

/** Writes of requests and of what failed. */
export interface RequestLog {
  request(record: RequestRecord): void
  /** The cause of a 5xx in full. */
  failure(errorId: string, correlationId: string, error: unknown): void
  /** Tells what was left out. */
  flush(): void
}

/** Opens the log of requests: a line for each that was granted; of refusals and failures so many a second of each error. */
export function openRequestLog(log: Log, linesPerSecond: number): RequestLog {
  const refusals = createLogSample(linesPerSecond, (errorId, count) =>
    log.info({ event: 'requests_left_out', error_id: errorId, count }),
  )
  const failures = createLogSample(linesPerSecond, (errorId, count) =>
    log.error({ event: 'failures_left_out', error_id: errorId, count }),
  )
  return {
    request(record) {
      if (record.errorId === undefined || refusals.admit(record.errorId)) logRequest(log, record)
    },
    failure(errorId, correlationId, error) {
      if (failures.admit(errorId)) log.error({ event: 'failure', correlation_id: correlationId, error })
    },
    flush() {
      refusals.flush()
      failures.flush()
    },
  }
}

function logRequest(log: Log, record: RequestRecord): void {
  log.plain({
    event: 'request',
    method: record.method,
    route: record.route,
    status: record.status,
    correlation_id: record.correlationId,
    client_request_id: record.clientRequestId,
    key_id: record.keyId,
    actor: record.actor,
    error_id: record.errorId,
    client: record.client,
    ms: record.ms,
  })
}
