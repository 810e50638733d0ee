import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { ERRORS, FORM_CONTENT_TYPE, JSON_CONTENT_TYPE } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'
import { type FormParameters, parseForm } from './form-body.ts'

/**
 * Reads the JSON body of a request. What is left of a body that is refused is for Node to drain.
 *
 * @throws {ApiError} 400 for the wrong content type, for what is not JSON in UTF-8, and for a request that never becomes
 *   whole; 413 above `maxBytes`.
 */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  if (!isOfType(request, JSON_CONTENT_TYPE)) throw new ApiError(ERRORS.wrongContentType)
  return parseJsonBody(await readBytes(request, maxBytes))
}

/**
 * Reads the parameters of a request whose body is a form.
 *
 * @throws {ApiError} 400 for the wrong content type, for what is no form, for a parameter that stands twice, and for a
 *   request that never becomes whole; 413 above `maxBytes`.
 */
export async function readFormBody(request: IncomingMessage, maxBytes: number): Promise<FormParameters> {
  if (!isOfType(request, FORM_CONTENT_TYPE)) throw new ApiError(ERRORS.formContentType)
  return parseForm(await readBytes(request, maxBytes))
}

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

/** Parameters, such as a charset, change nothing: both are UTF-8 (RFC 8259 section 8.1, RFC 6749 appendix B). */
function isOfType({ headers }: IncomingMessage, wanted: string): boolean {
  const { 'content-type': contentType = '' } = headers
  return contentType === wanted || contentType.split(';', 1)[0]?.trim().toLowerCase() === wanted
}

/** Without a copy for the body that came in one piece, as nearly all do. */
function join(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
}

function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes)
    return Promise.reject(new ApiError(ERRORS.bodyTooLarge))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const collect = (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= maxBytes) return
      request.off('data', collect).resume()
      reject(new ApiError(ERRORS.bodyTooLarge))
    }
    request.on('data', collect)
    request.on('end', () => resolve(join(chunks)))
    const broken = () => {
      if (!request.complete) reject(new ApiError(ERRORS.malformedRequest))
    }
    request.on('error', broken)
    request.on('close', broken)
  })
}
