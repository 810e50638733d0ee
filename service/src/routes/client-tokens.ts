import { CLIENT_TOKENS_PATH, formatClientTokenResponse, JSON_CONTENT_TYPE } from '@interhuman-auth/protocol'
import { type IssueClientTokenDependencies, issueClientToken } from '../client-token.ts'
import { parseClientTokenRequest } from '../client-token-request.ts'
import { isKeyId } from '../key-format.ts'
import { takeCredentialBody } from './credential-body.ts'
import type { Route } from './route.ts'

/** `POST /v1/client_tokens`: a token with caps, for a browser to hold (our contract, section 5). */
export function clientTokensRoute(dependencies: IssueClientTokenDependencies): Route {
  return {
    method: 'POST',
    path: CLIENT_TOKENS_PATH,
    async handler(request) {
      const asked = parseClientTokenRequest(takeCredentialBody(request))
      if (isKeyId(asked.credential.keyId)) request.keyId = asked.credential.keyId
      const { keyId, issued } = await issueClientToken(asked, dependencies, request)
      request.keyId = keyId
      return {
        headers: { 'Content-Type': JSON_CONTENT_TYPE, 'Cache-Control': 'no-store' },
        body: JSON.stringify(formatClientTokenResponse(issued)),
      }
    },
  }
}
