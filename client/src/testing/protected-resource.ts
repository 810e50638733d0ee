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
import { isClientToken, type KeptToken, type TestKeys } from './test-keys.ts'

/** Answers at a protected resource as a guard before it does: 200 with `{}`, 401 or 403 (our contract, section 4). */
export function answerProtected(request: Request, resource: ProtectedResource, keys: TestKeys): Response {
  const version = errorDialect(resource.path)
  const bearer = readBearer(request.headers.get(AUTHORIZATION_HEADER))
  if (bearer.kind === 'absent')
    return toErrorResponse({ row: ERRORS.credentialAbsent, headers: challenge() }, version)
  const text = bearer.kind === 'token' ? bearer.token : ''
  const token = keys.find(text)
  const unknown = isClientToken(text) ? ERRORS.clientTokenInvalid : ERRORS.invalidCredentials
  const row = token === undefined ? unknown : refuseToken(token, request.headers.get(ORIGIN_HEADER), keys)
  if (token === undefined || row !== undefined)
    return toErrorResponse({ row: row ?? unknown, headers: challenge('invalid_token') }, version)
  if (!token.scopes.includes(resource.scope)) {
    const headers = challenge('insufficient_scope', resource.scope)
    return toErrorResponse({ row: ERRORS.insufficientScope, headers }, version)
  }
  return toJsonResponse({})
}

/** A client token has rows of its own; of any other nobody hears why. In the order in which a guard looks. */
function refuseToken(token: KeptToken, origin: string | null, keys: TestKeys): ErrorRow | undefined {
  const state = keys.stateOf(token)
  if (token.client === undefined) return state === 'good' ? undefined : ERRORS.invalidCredentials
  if (state === 'expired') return ERRORS.clientTokenExpired
  if (!isAllowedOrigin(token.client.caps, origin)) return ERRORS.clientTokenInvalid
  return state === 'revoked' ? ERRORS.clientTokenRevoked : undefined
}

function challenge(...parameters: Parameters<typeof formatChallenge>): Record<string, string> {
  return { [CHALLENGE_HEADER]: formatChallenge(...parameters) }
}
