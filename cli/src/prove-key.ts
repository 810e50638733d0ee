import { SCOPES } from '@interhuman-auth/protocol'
import type { Resolved } from './credentials/resolve.ts'
import { adviseOn, correlationIdOf, describeStatus, exchange } from './exchange.ts'
import { EXIT, exitCodeOfStatus, Refusal } from './exit-codes.ts'
import { describeEnd } from './hand-on.ts'
import type { Options } from './options.ts'
import { readAnswer } from './read-answer.ts'

const NOT_HELD = 403

/**
 * Proves a key with an exchange: for the scopes that were named, or else for every scope there is and, if the key lacks
 * one of them (403), for each alone until one is held.
 *
 * @returns The scopes that a token was issued for.
 * @throws {Refusal} 4, 5, 6 or 7, as an exchange ends.
 */
export async function proveKey(
  key: Pick<Resolved, 'credential' | 'apiUrl'>,
  options: Pick<Options, 'scopes' | 'apiVersion' | 'timeoutMs'>,
): Promise<readonly string[]> {
  const attempts =
    options.scopes.length > 0 ? [options.scopes] : [SCOPES, ...SCOPES.map((scope): string[] => [scope])]
  for (const [index, scopes] of attempts.entries()) {
    const answer = await exchange(key, { ...options, scopes })
    const { end, errorId } = await readAnswer(answer)
    const details = { status: answer.status, errorId, correlationId: correlationIdOf(answer) }
    const status = `the service answered with ${describeStatus(answer)}`
    if (end !== 'whole')
      throw new Refusal(EXIT.other, `${status}; ${describeEnd(end)}; the key was not stored`, details)
    if (answer.status === 200) return scopes
    if (answer.status === NOT_HELD && index < attempts.length - 1) continue
    const error = errorId === undefined ? '' : `, error ${errorId}`
    const exitCode = exitCodeOfStatus(answer.status)
    throw new Refusal(
      exitCode,
      `${status}${error}, so the key was not stored; ${adviseOn(answer.status)}`,
      details,
    )
  }
  throw new RangeError('no scope to ask for')
}
