import { AUTHORIZATION_HEADER, formatScope, TOKEN_TYPE } from '@interhuman-auth/protocol'
import { ACCESS_TOKEN_NAME } from '../credentials/credential.ts'
import { readSources, resolveCredential } from '../credentials/resolve.ts'
import type { Options } from '../options.ts'
import { print } from '../run.ts'
import type { Surroundings } from '../surroundings.ts'
import { type LivingToken, livingToken } from '../token-cache.ts'

/**
 * Prints a living token in the form that its reader takes. What a token is made of needs no quoting anywhere: letters,
 * digits and `-._~+/=` only.
 *
 * @throws {Refusal} when no living token can be had.
 */
export async function header(options: Options, surroundings: Surroundings): Promise<number> {
  const resolved = resolveCredential(readSources(surroundings), surroundings, options.apiUrl)
  const token = await livingToken(resolved, options, surroundings)
  return print(`${formatToken(token, options.json ? 'json' : options.as)}\n`, surroundings)
}

function formatToken(token: LivingToken, as: string | undefined): string {
  const { value, scopes, expiresAtMs, secondsLeft } = token
  const line = `${AUTHORIZATION_HEADER}: ${TOKEN_TYPE} ${value}`
  switch (as) {
    case 'token':
      return value
    case 'env':
      return `export ${ACCESS_TOKEN_NAME}='${value}'`
    case 'curl-config':
      return `header = "${line}"`
    case 'json':
      return JSON.stringify({
        access_token: value,
        token_type: TOKEN_TYPE,
        expires_in: secondsLeft,
        expires_at: Math.floor(expiresAtMs / 1000),
        scope: formatScope(scopes),
      })
    default:
      return line
  }
}
