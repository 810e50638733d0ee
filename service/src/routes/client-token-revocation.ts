import { CLIENT_TOKEN_REVOCATION_PATH, JSON_CONTENT_TYPE } from '@interhuman-auth/protocol'
import { type RevokeClientTokenDependencies, revokeClientToken } from '../client-token.ts'
import { parseClientTokenRevocation } from '../client-token-revocation-request.ts'
import { isKeyId } from '../key-format.ts'
import { takeCredentialBody } from './credential-body.ts'
import type { Route, RouteResponse } from './route.ts'

/** The same whatever became of it (RFC 7009 section 2.2). */
const DONE: RouteResponse = {
  headers: { 'Content-Type': JSON_CONTENT_TYPE, 'Cache-Control': 'no-store' },
  body: '{}',
}

/** `POST /v1/client_tokens/revoke`: end a client token before its time (our contract, section 5). */
export function clientTokenRevocationRoute(dependencies: RevokeClientTokenDependencies): Route {
  return {
    method: 'POST',
    path: CLIENT_TOKEN_REVOCATION_PATH,
    async handler(request) {
      const asked = parseClientTokenRevocation(takeCredentialBody(request))
      if (isKeyId(asked.credential.keyId)) request.keyId = asked.credential.keyId
      request.keyId = await revokeClientToken(asked, request.clientAddress, dependencies, request)
      return DONE
    },
  }
}
