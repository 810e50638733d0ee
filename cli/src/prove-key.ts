import { SCOPES } from '@interhuman-auth/protocol'
import type { Resolved } from './credentials/resolve.ts'
import { exchangeForToken } from './exchange-token.ts'
import { Refusal } from './exit-codes.ts'
import type { Options } from './options.ts'
import type { Surroundings } from './surroundings.ts'

const NOT_HELD = 403

/**
 * Proves a key with an exchange that brings a token: for the scopes that were named, or else for every scope there is.
 * Only if the key lacks one of these (403) it is asked for each alone, until one is held.
 *
 * @returns The scopes that the token was issued for.
 * @throws {Refusal} 4, 5, 6 or 7, as an exchange ends.
 */
export async function proveKey(
  key: Pick<Resolved, 'credential' | 'apiUrl'>,
  options: Pick<Options, 'scopes' | 'apiVersion' | 'timeoutMs'>,
  clocks: Pick<Surroundings, 'now' | 'uptime'>,
): Promise<readonly string[]> {
  const attempts =
    options.scopes.length > 0 ? [options.scopes] : [SCOPES, ...SCOPES.map((scope): string[] => [scope])]
  for (const [index, scopes] of attempts.entries()) {
    try {
      const granted = (await exchangeForToken(key, { ...options, scopes }, clocks)).scopes
      // RFC 6749 section 5.1: an answer that names none means those that were asked for.
      return granted.length > 0 ? granted : scopes
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault
      if (fault.details.status === NOT_HELD && index < attempts.length - 1) continue
      throw new Refusal(fault.exitCode, `${fault.message}; the key was not stored`, fault.details)
    }
  }
  throw new RangeError('no scope to ask for')
}
