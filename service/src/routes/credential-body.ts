import { ERRORS } from '@interhuman-auth/protocol'
import { ApiError } from '../api-error.ts'
import { refuseCredentialInQuery } from './credential-in-query.ts'
import type { RouteRequest } from './route.ts'

/**
 * Gives the body of a request that carries a credential there, and nowhere else.
 *
 * @throws {ApiError} 400 for a credential in the query, or for no body at all.
 */
export function takeCredentialBody(request: RouteRequest): unknown {
  refuseCredentialInQuery(request.target)
  // Without a body there is no content type to refuse, so that nobody did so yet.
  if (request.body === undefined) throw new ApiError(ERRORS.wrongContentType)
  return request.body
}
