import { ERROR_ID } from './error-id.ts'

/** How a stream is closed after its refusal was told (our contract, sections 2 and 4). */
export const STREAM_CLOSE_CODES = { insufficientScope: 4003, unavailable: 1013 } as const

/** The credential lacks the scope: the one refusal of a credential that another token does not mend. */
export const INSUFFICIENT_SCOPE_ID = 'ih2003'

/** What a stream says when something went wrong. */
export interface StreamError {
  readonly errorId: string
  readonly correlationId: string | undefined
}

/**
 * Reads a message of a stream as an error: in the form of v0 or v1, or as the error body of HTTP. `undefined` for any other.
 *
 * @see Our contract, section 2
 */
export function parseStreamError(text: string): StreamError | undefined {
  const { type, error_id: flatId, data, correlation_id: correlationId } = parseObject(text)
  const errorId = type === 'error' ? (data as { code?: unknown } | null | undefined)?.code : flatId
  if (typeof errorId !== 'string' || !ERROR_ID.test(errorId)) return undefined
  const isUuid = typeof correlationId === 'string' && /^[\da-f-]{36}$/i.test(correlationId)
  return { errorId, correlationId: isUuid ? correlationId : undefined }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}
