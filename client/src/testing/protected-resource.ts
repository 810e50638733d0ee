import {
  AUTHORIZATION_HEADER,
  CHALLENGE_HEADER,
  ERRORS,
  type ErrorRow,
  errorDialect,
  formatChallenge,
  isAllowedOrigin,
  ORIGIN_HEADER,
  type ProtectedResource,
  readBearer,
} from '@interhuman-auth/protocol'
import { toErrorResponse, toJsonResponse } from './refusal.ts'
import type { KeptToken, TestKeys } from './test-keys.ts'

/** Answers at a protected resource as a guard before it does: 200 with `{}`, 401 or 403 (our contract, section 4). */
export function answerProtected(request: Request, resource: ProtectedResource, keys: TestKeys): Response {
  const version = errorDialect(resource.path)
  const bearer = readBearer(request.headers.get(AUTHORIZATION_HEADER))
  if (bearer.kind === 'absent')
    return toErrorResponse({ row: ERRORS.credentialAbsent, headers: challenge() }, version)
  const token = bearer.kind === 'token' ? keys.find(bearer.token) : undefined
  const row = refuseToken(token, request.headers.get(ORIGIN_HEADER), keys)
  if (token === undefined || row !== undefined)
    return toErrorResponse(
      { row: row ?? ERRORS.invalidCredentials, headers: challenge('invalid_token') },
      version,
    )
  if (!token.scopes.includes(resource.scope)) {
    const headers = challenge('insufficient_scope', resource.scope)
    return toErrorResponse({ row: ERRORS.insufficientScope, headers }, version)
  }
  return toJsonResponse({})
}

/** A client token has rows of its own; of any other nobody hears why. */
function refuseToken(
  token: KeptToken | undefined,
  origin: string | null,
  keys: TestKeys,
): ErrorRow | undefined {
  if (token === undefined) return ERRORS.invalidCredentials
  const state = keys.stateOf(token)
  if (token.client === undefined) return state === 'good' ? undefined : ERRORS.invalidCredentials
  if (state === 'revoked') return ERRORS.clientTokenRevoked
  if (state === 'expired') return ERRORS.clientTokenExpired
  return isAllowedOrigin(token.client.caps, origin) ? undefined : ERRORS.clientTokenInvalid
}

function challenge(...parameters: Parameters<typeof formatChallenge>): Record<string, string> {
  return { [CHALLENGE_HEADER]: formatChallenge(...parameters) }
}
