import {
  type ApiVersion,
  formatTokenResponse,
  JSON_CONTENT_TYPE,
  TOKEN_ENDPOINTS,
} from '@interhuman-auth/protocol'
import { parseAuthRequest } from '../auth-request.ts'
import { type IssueTokenDependencies, issueToken } from '../issue-token.ts'
import { isKeyId } from '../key-format.ts'
import { takeCredentialBody } from './credential-body.ts'
import type { Route } from './route.ts'

/** `POST /v0/auth`, `POST /v1/auth`: exchange an API key for an access token (our contract, section 1). */
export function authRoute(version: ApiVersion, dependencies: IssueTokenDependencies): Route {
  return {
    method: 'POST',
    path: TOKEN_ENDPOINTS[version],
    async handler(request) {
      const authRequest = parseAuthRequest(takeCredentialBody(request))
      if (isKeyId(authRequest.keyId)) request.keyId = authRequest.keyId
      const { accessToken, scopes } = await issueToken(authRequest, dependencies, request)
      return {
        headers: { 'Content-Type': JSON_CONTENT_TYPE, 'Cache-Control': 'no-store' },
        body: JSON.stringify(formatTokenResponse(accessToken, scopes)),
      }
    },
  }
}
