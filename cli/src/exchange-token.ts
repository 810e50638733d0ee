import type { AccessToken } from '@interhuman-auth/client'
import type { HeldToken } from './cache/held-token.ts'
import type { Resolved } from './credentials/resolve.ts'
import { type ExchangeOptions, exchange } from './exchange.ts'
import { EXIT, exitCodeOfStatus, Refusal } from './exit-codes.ts'
import { describeEnd } from './hand-on.ts'
import type { Answer } from './http-post.ts'
import { describeRefusal, readAnswer } from './read-answer.ts'
import type { Surroundings } from './surroundings.ts'

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
  const { value, scopes, expiresInSeconds } = await takeToken(answer, issuedAtMs)
  return { value, scopes, issuedAtMs, issuedAtUptime, lifetimeSeconds: expiresInSeconds }
}

async function takeToken(answer: Answer, requestedAtMs: number): Promise<AccessToken> {
  const reading = await readAnswer(answer, requestedAtMs)
  const { end, token, errorId, correlationId, retryable, retryAfterSeconds } = reading
  if (token !== undefined) return token
  const { status } = answer
  const retry = { retryable, retryAfterSeconds }
  if (end !== 'whole')
    throw new Refusal(EXIT.other, `${describeEnd(end)}; try again`, { status, correlationId }, retry)
  const details = { status, errorId, correlationId }
  const exitCode = status === 200 ? EXIT.other : exitCodeOfStatus(status)
  throw new Refusal(exitCode, `the service answered with ${describeRefusal(answer, reading)}`, details, retry)
}
