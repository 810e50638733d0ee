import {
  AUTHORIZATION_HEADER,
  CHALLENGE_HEADER,
  ERRORS,
  errorDialect,
  formatChallenge,
  type ProtectedResource,
  readBearer,
} from '@interhuman-auth/protocol'
import { toErrorResponse, toJsonResponse } from './refusal.ts'
import type { TestKeys } from './test-keys.ts'

/** Answers at a protected resource as a guard before it does: 200 with `{}`, 401 or 403 (our contract, section 4). */
export function answerProtected(request: Request, resource: ProtectedResource, keys: TestKeys): Response {
  const version = errorDialect(resource.path)
  const bearer = readBearer(request.headers.get(AUTHORIZATION_HEADER))
  if (bearer.kind === 'absent')
    return toErrorResponse({ row: ERRORS.credentialAbsent, headers: challenge() }, version)
  const token = bearer.kind === 'token' ? keys.find(bearer.token) : undefined
  if (token === undefined)
    return toErrorResponse({ row: ERRORS.invalidCredentials, headers: challenge('invalid_token') }, version)
  if (!token.scopes.includes(resource.scope)) {
    const headers = challenge('insufficient_scope', resource.scope)
    return toErrorResponse({ row: ERRORS.insufficientScope, headers }, version)
  }
  return toJsonResponse({})
}

function challenge(...parameters: Parameters<typeof formatChallenge>): Record<string, string> {
  return { [CHALLENGE_HEADER]: formatChallenge(...parameters) }
}
