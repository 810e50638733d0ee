import { isUtf8 } from 'node:buffer'
import { ERRORS } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'

/**
 * Parses a request body. Of a repeated member the last counts, and `__proto__` is a member like any other.
 *
 * @throws {ApiError} 400 when it is not JSON in UTF-8.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new ApiError(ERRORS.bodyNotJson)
  try {
    return JSON.parse(bytes.toString()) as unknown
  } catch {
    throw new ApiError(ERRORS.bodyNotJson)
  }
}
