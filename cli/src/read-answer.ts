import { type AccessToken, RefusalError, readToken, UnexpectedResponseError } from '@interhuman-auth/client'
import { findErrorRow } from './error-body.ts'
import { adviseOn, correlationIdOf, describeStatus, readCorrelationId } from './exchange.ts'
import { type BodyEnd, handOn } from './hand-on.ts'
import type { Answer } from './http-post.ts'

const LARGEST_ANSWER_BYTES = 64 * 1024

/** What an answer is told by: the rest of it could hold anything, and is not shown. */
export interface AnswerReading {
  readonly end: BodyEnd
  readonly token?: AccessToken
  readonly errorId?: string | undefined
  /** The header's, or else the body's. */
  readonly correlationId: string | undefined
  readonly retryable: boolean
  readonly retryAfterSeconds?: number | undefined
}

/** Reads a body to its end; what is longer than any token's is none. */
export async function readAnswer(answer: Answer, requestedAtMs?: number): Promise<AnswerReading> {
  const chunks: Uint8Array[] = []
  let room = LARGEST_ANSWER_BYTES
  const end = await handOn(answer.body, async (chunk) => {
    room -= chunk.length
    if (room >= 0) chunks.push(chunk)
  })
  const text = Buffer.concat(chunks).toString('utf8')
  const headers = { get: (name: string) => answer.header(name) ?? null }
  const correlationId = correlationIdOf(answer)
  try {
    const whole = { status: answer.status, headers, text: async () => text }
    const token = await readToken(whole, { requestedAtMs })
    return end === 'whole'
      ? { end, token, correlationId, retryable: false }
      : { end, correlationId, retryable: true }
  } catch (fault) {
    if (!(fault instanceof RefusalError || fault instanceof UnexpectedResponseError)) throw fault
    const { errorId, retryable, retryAfterSeconds } = fault
    return {
      end,
      errorId,
      correlationId: correlationId ?? readCorrelationId(fault.correlationId),
      retryable: end === 'whole' ? retryable : true,
      retryAfterSeconds,
    }
  }
}

/** Says how the service answered that gave no token, and what to do, to somebody who does not see the body. */
export function describeRefusal(answer: Answer, { errorId, correlationId }: AnswerReading): string {
  const said = describeStatus(answer, correlationId)
  if (answer.status === 200) return `${said} and no token; check the address`
  const error = errorId === undefined ? '' : `, error ${errorId}`
  return `${said}${error}; ${adviseOn(answer.status, adviseOnUnseen(errorId))}`
}

function adviseOnUnseen(errorId: string | undefined): string {
  return errorId === undefined || findErrorRow(errorId) === undefined
    ? 'run interhuman-auth token with the same key to see the body'
    : `run interhuman-auth explain ${errorId}`
}
