import { formatTokenResponse, JSON_CONTENT_TYPE, OAUTH_TOKEN_PATH } from '@interhuman-auth/protocol'
import { answerClient } from '../client-authentication.ts'
import { type IssueTokenDependencies, issueToken } from '../issue-token.ts'
import { isKeyId } from '../key-format.ts'
import { parseOAuthTokenRequest } from '../oauth-token-request.ts'
import { readFormBody } from '../request-body.ts'
import type { Route } from './route.ts'
import { takeForm } from './take-form.ts'

/** `POST /oauth2/token`: the exchange as OAuth 2 has it (RFC 6749 section 4.4; our contract, section 6). */
export function oauthTokenRoute(dependencies: IssueTokenDependencies): Route {
  return {
    method: 'POST',
    path: OAUTH_TOKEN_PATH,
    readBody: readFormBody,
    async handler(request) {
      const asked = parseOAuthTokenRequest(takeForm(request), request.headers.authorization)
      if (isKeyId(asked.keyId)) request.keyId = asked.keyId
      const { accessToken, scopes } = await answerClient(() => issueToken(asked, dependencies, request))
      return {
        headers: { 'Content-Type': JSON_CONTENT_TYPE, 'Cache-Control': 'no-store', Pragma: 'no-cache' },
        body: JSON.stringify(formatTokenResponse(accessToken, scopes)),
      }
    },
  }
}
