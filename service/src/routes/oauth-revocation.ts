import { JSON_CONTENT_TYPE, OAUTH_REVOCATION_PATH } from '@interhuman-auth/protocol'
import { answerClient } from '../client-authentication.ts'
import { isKeyId } from '../key-format.ts'
import { type OAuthRevokeDependencies, parseOAuthRevocation, revokeOwnToken } from '../oauth-revocation.ts'
import { readFormBody } from '../request-body.ts'
import type { Route, RouteResponse } from './route.ts'
import { takeForm } from './take-form.ts'

/** The same whatever became of it (RFC 7009 section 2.2). */
const DONE: RouteResponse = {
  headers: { 'Content-Type': JSON_CONTENT_TYPE, 'Cache-Control': 'no-store', Pragma: 'no-cache' },
  body: '{}',
}

/** `POST /oauth2/revoke`: end a token before its time (RFC 7009; our contract, section 6). */
export function oauthRevocationRoute(dependencies: OAuthRevokeDependencies): Route {
  return {
    method: 'POST',
    path: OAUTH_REVOCATION_PATH,
    readBody: readFormBody,
    async handler(request) {
      const asked = parseOAuthRevocation(takeForm(request), request.headers.authorization)
      const { keyId } = asked.credential
      if (isKeyId(keyId)) request.keyId = keyId
      await answerClient(() => revokeOwnToken(asked, request.clientAddress, dependencies, request))
      return DONE
    },
  }
}
