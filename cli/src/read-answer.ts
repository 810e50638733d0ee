import { type BodyEnd, handOn } from './hand-on.ts'
import type { Answer } from './http-post.ts'

const LARGEST_ERROR_BYTES = 64 * 1024
const errorIdForm = /^[a-z]{2}\d{4}$/

/** Reads a body to its end, and of it the error id alone: the rest could hold anything. */
export async function readAnswer(
  answer: Answer,
): Promise<{ readonly end: BodyEnd; readonly errorId: string | undefined }> {
  const chunks: Uint8Array[] = []
  let length = 0
  const end = await handOn(answer.body, async (chunk) => {
    length += chunk.length
    if (length <= LARGEST_ERROR_BYTES) chunks.push(chunk)
  })
  return { end, errorId: parseErrorId(Buffer.concat(chunks).toString('utf8')) }
}

function parseErrorId(text: string): string | undefined {
  try {
    const { error_id: errorId } = JSON.parse(text) ?? {}
    return typeof errorId === 'string' && errorIdForm.test(errorId) ? errorId : undefined
  } catch {
    return undefined
  }
}
