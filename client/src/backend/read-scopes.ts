import { ERRORS, type ErrorRow, JSON_CONTENT_TYPE } from '@interhuman-auth/protocol'
import { readUpTo } from '../read-up-to.ts'

/** A request names scopes and nothing else, so that a larger body is none of ours. */
const MAX_BODY_BYTES = 4096
const BODY_TIMEOUT_MS = 10_000

/** The scopes that a request names, or the error that refuses it. */
export type ScopesReading = { readonly scopes: readonly string[] | undefined } | { readonly row: ErrorRow }

/**
 * Reads `{ "scopes"?: [...] }`. A form of another site can send neither this content type nor, therefore, this body. The
 * request is left as it came for whoever reads it next.
 */
export async function readScopes(request: Request): Promise<ScopesReading> {
  const contentType = request.headers.get('Content-Type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (contentType !== JSON_CONTENT_TYPE) return { row: ERRORS.wrongContentType }
  const text = await readText(request.clone())
  if (text === undefined) return { row: ERRORS.bodyTooLarge }
  const body = parse(text)
  if (body === undefined) return { row: ERRORS.bodyNotJson }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { row: ERRORS.bodyNotObject }
  const { scopes } = body as { scopes?: unknown }
  if (scopes === undefined) return { scopes: undefined }
  return isScopeList(scopes) ? { scopes } : { row: ERRORS.fieldInvalid }
}

function isScopeList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((scope) => typeof scope === 'string')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** `undefined` when there is too much of it. What does not arrive in time, or breaks off, is no text. */
async function readText({ body }: Request): Promise<string | undefined> {
  if (!body) return ''
  const signal = AbortSignal.timeout(BODY_TIMEOUT_MS)
  const inTime = body.pipeThrough(new TransformStream<Uint8Array<ArrayBuffer>>(), { signal })
  const chunks = await readUpTo(inTime, MAX_BODY_BYTES).catch(() => [])
  return chunks && new Blob(chunks).text()
}
