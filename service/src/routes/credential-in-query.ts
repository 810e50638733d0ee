import { ERRORS } from '@interhuman-auth/protocol'
import { ApiError } from '../api-error.ts'
import { SECRET_PREFIXES } from '../secret-format.ts'

/** Names under which programs put a credential into an address, in lower case and without `_` and `-`. */
const CREDENTIAL_NAMES = [
  'keyid',
  'keysecret',
  'apikey',
  'clientid',
  'clientsecret',
  'accesstoken',
  'token',
  'secret',
]

/**
 * Refuses an address that names a credential or holds one (our contract, section 1).
 *
 * @throws {ApiError} 400
 */
export function refuseCredentialInQuery(url: string): void {
  const start = url.indexOf('?')
  if (start === -1) return
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    const plainName = name.toLowerCase().replace(/[?_-]/g, '')
    if (CREDENTIAL_NAMES.includes(plainName) || SECRET_PREFIXES.some((prefix) => value.includes(prefix)))
      throw new ApiError(ERRORS.credentialInQuery)
  }
}
