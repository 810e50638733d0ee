import { ERRORS, JSON_CONTENT_TYPE, SCOPES } from '@interhuman-auth/protocol'
import type { Refusal } from './refusal.ts'

/** Our contract, section 1. */
const MAX_BODY_BYTES = 16_384

/** A JSON object, or why the body is none. */
export type BodyReading = { readonly body: Readonly<Record<string, unknown>> } | Refusal

/** Reads a request's body as the service does: content type, size, JSON, object, in this order. */
export async function readBody(request: Request): Promise<BodyReading> {
  const contentType = request.headers.get('Content-Type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (contentType !== JSON_CONTENT_TYPE) return { row: ERRORS.wrongContentType }
  const bytes = await request.arrayBuffer()
  if (bytes.byteLength > MAX_BODY_BYTES) return { row: ERRORS.bodyTooLarge }
  let body: unknown
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    return { row: ERRORS.bodyNotJson }
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { row: ERRORS.bodyNotObject }
  return { body: body as Record<string, unknown> }
}

/** What is wrong with a text field, in the service's words. */
export function textProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string'
  return value === '' ? 'must not be empty' : undefined
}

/** What is wrong with a list of scopes, by the name of the place. */
export function scopeProblems(value: unknown): [string, string][] {
  if (!Array.isArray(value)) return [['scopes', 'must be a list']]
  if (value.length === 0) return [['scopes', 'must not be empty']]
  return value.flatMap((scope, index): [string, string][] => {
    if (typeof scope !== 'string') return [[`scopes[${index}]`, 'must be a string']]
    const isKnown = (SCOPES as readonly string[]).includes(scope)
    return isKnown ? [] : [[`scopes[${index}]`, `must be one of ${SCOPES.join(', ')}`]]
  })
}
