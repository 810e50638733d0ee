import { readToken } from '@interhuman-auth/client'
import { type BodyEnd, handOn } from './hand-on.ts'
import type { Answer } from './http-post.ts'

const LARGEST_ANSWER_BYTES = 64 * 1024

/** What an answer is told by. */
export interface AnswerReading {
  readonly end: BodyEnd
  readonly errorId: string | undefined
  readonly holdsToken: boolean
}

/** Reads a body to its end, and of it the error id and whether there is a token: the rest could hold anything. */
export async function readAnswer(answer: Answer): Promise<AnswerReading> {
  const chunks: Uint8Array[] = []
  let length = 0
  const end = await handOn(answer.body, async (chunk) => {
    length += chunk.length
    if (length <= LARGEST_ANSWER_BYTES) chunks.push(chunk)
  })
  const text = Buffer.concat(chunks).toString('utf8')
  const { status } = answer
  return readToken({ status, headers: { get: () => null }, text: async () => text }).then(
    () => ({ end, errorId: undefined, holdsToken: end === 'whole' }),
    ({ errorId }: { readonly errorId?: string }) => ({ end, errorId, holdsToken: false }),
  )
}
