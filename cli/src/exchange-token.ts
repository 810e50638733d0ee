import { type AccessToken, RefusalError, readToken, UnexpectedResponseError } from '@interhuman-auth/client'
import type { HeldToken } from './cache/held-token.ts'
import type { Resolved } from './credentials/resolve.ts'
import { adviseOn, describeStatus, type ExchangeOptions, exchange } from './exchange.ts'
import { EXIT, exitCodeOfStatus, Refusal } from './exit-codes.ts'
import { describeEnd, handOn } from './hand-on.ts'
import type { Answer } from './http-post.ts'
import type { Surroundings } from './surroundings.ts'

const LARGEST_ANSWER_BYTES = 64 * 1024

/**
 * Makes one exchange and reads its token.
 *
 * @throws {Refusal} 4 when the service refuses, 5 when what it says is no token, 6 and 7 when there is no answer.
 */
export async function exchangeForToken(
  resolved: Pick<Resolved, 'credential' | 'apiUrl'>,
  options: ExchangeOptions,
  { now, uptime }: Pick<Surroundings, 'now' | 'uptime'>,
): Promise<HeldToken> {
  const issuedAtMs = now()
  const issuedAtUptime = uptime()
  const answer = await exchange(resolved, options)
  const { value, scopes, expiresInSeconds } = await readAnswer(answer, issuedAtMs)
  return { value, scopes, issuedAtMs, issuedAtUptime, lifetimeSeconds: expiresInSeconds }
}

async function readAnswer(answer: Answer, requestedAtMs: number): Promise<AccessToken> {
  const text = await gather(answer)
  const headers = { get: (name: string) => answer.header(name) ?? null }
  try {
    return await readToken({ status: answer.status, headers, text: async () => text }, { requestedAtMs })
  } catch (fault) {
    if (!(fault instanceof RefusalError || fault instanceof UnexpectedResponseError)) throw fault
    const { status, errorId, correlationId, retryable, retryAfterSeconds } = fault
    const retry = { retryable, retryAfterSeconds }
    const said = `the service answered with ${describeStatus(answer)}`
    if (status === 200)
      throw new Refusal(EXIT.other, `${said} and no token; check the address`, { status }, retry)
    const details = { status, errorId, correlationId }
    const error = errorId === undefined ? '' : `, error ${errorId}`
    throw new Refusal(exitCodeOfStatus(status), `${said}${error}; ${adviseOn(status)}`, details, retry)
  }
}

/** Reads a body to its end; what is longer than any token's is none. */
async function gather(answer: Answer): Promise<string> {
  const chunks: Uint8Array[] = []
  let room = LARGEST_ANSWER_BYTES
  const end = await handOn(answer.body, async (chunk) => {
    room -= chunk.length
    if (room >= 0) chunks.push(chunk)
  })
  if (end === 'whole') return Buffer.concat(chunks).toString('utf8')
  const { status } = answer
  throw new Refusal(EXIT.other, `${describeEnd(end)}; try again`, { status }, { retryable: true })
}
