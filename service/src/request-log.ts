import type { Log } from './log.ts'

/** What one line of the log says of a request. Never a body, a query, a header's credential or a path as it was sent. */
export interface RequestRecord {
  readonly method: string
  /** The route's own path, or `null` where there is none: what a client sent could hold a secret. */
  readonly route: string | null
  /** 0 when the client went away before an answer. */
  readonly status: number
  readonly correlationId: string
  readonly clientRequestId: string | undefined
  /** Only one that has the form of a key id. */
  readonly keyId: string | undefined
  readonly errorId: string | undefined
  readonly ms: number
}

/** Writes the line of a request (our contract, section 1: the correlation id, and the client's own id beside it). */
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
    ms: record.ms,
  })
}
