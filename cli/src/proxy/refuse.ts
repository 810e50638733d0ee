import type { ServerResponse } from 'node:http'
import {
  CORRELATION_ID_HEADER,
  ERROR_PAGE_PATH,
  ERRORS,
  type ErrorName,
  errorDialect,
  formatErrorBody,
  JSON_CONTENT_TYPE,
  RETRY_AFTER_HEADER,
} from '@interhuman-auth/protocol'
import { METHODS } from './methods.ts'
import { usualPhrase } from './reason-phrase.ts'

/** What makes an answer of the proxy's own. */
export interface RefusalContext {
  readonly error: ErrorName
  /** Below the address of the key, where it is known: it decides which body is spoken. */
  readonly path?: string | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly correlationId: string
  readonly upstreamUrl: string
}

/** An answer of the proxy's own, as it leaves. */
export interface RefusalAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: string
}

/**
 * Writes the error body of the contract, with an id of this project: an answer that has none came from the API.
 *
 * @see Our contract, section 2
 */
export function formatRefusal(refusal: RefusalContext): RefusalAnswer {
  const { error, path = '', retryAfterSeconds, correlationId, upstreamUrl } = refusal
  const errorPage = upstreamUrl + ERROR_PAGE_PATH
  const body = JSON.stringify(
    formatErrorBody(ERRORS[error], errorDialect(path), { correlationId, errorPage }),
  )
  return {
    status: ERRORS[error].status,
    headers: {
      [CORRELATION_ID_HEADER]: correlationId,
      'Content-Type': JSON_CONTENT_TYPE,
      'Cache-Control': 'no-store',
      ...(error === 'methodNotAllowed' && { Allow: METHODS.join(', ') }),
      'Content-Length': Buffer.byteLength(body),
      ...(retryAfterSeconds !== undefined && { [RETRY_AFTER_HEADER]: Math.ceil(retryAfterSeconds) }),
    },
    body,
  }
}

/** Answers a request, unless its answer has begun: then the connection ends, so that nobody takes it for whole. */
export function sendRefusal(response: ServerResponse, refusal: RefusalAnswer): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  // Named: the response may keep the phrase of an answer that could not be handed on.
  response.writeHead(refusal.status, usualPhrase(refusal.status), refusal.headers)
  response.end(refusal.body)
}
