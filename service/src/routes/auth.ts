import {
  type ApiVersion,
  ERRORS,
  formatTokenResponse,
  JSON_CONTENT_TYPE,
  TOKEN_ENDPOINTS,
} from '@interhuman-auth/protocol'
import { ApiError } from '../api-error.ts'
import { parseAuthRequest } from '../auth-request.ts'
import { type IssueTokenDependencies, issueToken } from '../issue-token.ts'
import { isKeyId, SECRET_PREFIX } from '../key-format.ts'
import type { Route } from './route.ts'

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

/** `POST /v0/auth`, `POST /v1/auth`: exchange an API key for an access token (our contract, section 1). */
export function authRoute(version: ApiVersion, dependencies: IssueTokenDependencies): Route {
  return {
    method: 'POST',
    path: TOKEN_ENDPOINTS[version],
    async handler(request) {
      refuseCredentialInQuery(request.target)
      // Without a body there is no content type to refuse, so that nobody did so yet.
      if (request.body === undefined) throw new ApiError(ERRORS.wrongContentType)
      const authRequest = parseAuthRequest(request.body)
      if (isKeyId(authRequest.keyId)) request.keyId = authRequest.keyId
      const { accessToken, scopes } = await issueToken(authRequest, dependencies)
      return {
        headers: { 'Content-Type': JSON_CONTENT_TYPE, 'Cache-Control': 'no-store' },
        body: JSON.stringify(formatTokenResponse(accessToken, scopes)),
      }
    },
  }
}

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
    if (CREDENTIAL_NAMES.includes(plainName) || value.includes(SECRET_PREFIX))
      throw new ApiError(ERRORS.credentialInQuery)
  }
}
