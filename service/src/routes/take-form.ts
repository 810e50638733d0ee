import { ERRORS } from '@interhuman-auth/protocol'
import { ApiError } from '../api-error.ts'
import { type FormParameters, parseFormText } from '../form-body.ts'
import { refuseCredentialInQuery } from './credential-in-query.ts'
import type { RouteRequest } from './route.ts'

/**
 * Gives the parameters of a request whose body is a form. Those of its query are not among them, and none may stand in both.
 *
 * @throws {ApiError} 400 for a credential in the query, or for a parameter that stands twice.
 * @see RFC 6749 sections 2.3.1 and 3.2
 */
export function takeForm(request: Pick<RouteRequest, 'target' | 'body'>): FormParameters {
  const form = request.body as FormParameters
  const query = request.target.indexOf('?')
  if (query === -1) return form
  refuseCredentialInQuery(request.target)
  for (const name of parseFormText(request.target.slice(query + 1)).keys())
    if (form.has(name)) throw new ApiError(ERRORS.parameterRepeated)
  return form
}
