import { ERRORS, isScope, SCOPES, uniqueScopes } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'
import type { AuthRequest } from './auth-request.ts'
import { CLIENT_CREDENTIAL_PROPERTIES, readClientCredential } from './client-authentication.ts'
import { type FormParameters, requireParameters } from './form-body.ts'

/** What a client can ask a token for (RFC 6749 section 4.4). */
export const GRANT_TYPES = ['client_credentials'] as const

/**
 * The form of a request at the token endpoint as JSON Schema: the one source of what is required and of what the OpenAPI
 * document says.
 *
 * @see RFC 6749 sections 2.3.1, 3.3 and 4.4.2; our contract, section 6
 */
export const OAUTH_TOKEN_REQUEST_SCHEMA = {
  type: 'object',
  required: ['grant_type', 'scope'],
  properties: {
    grant_type: { type: 'string', enum: [...GRANT_TYPES] },
    scope: {
      type: 'string',
      description: `What the token is to be good for, separated by one space each: ${SCOPES.join(', ')}. There is no default.`,
    },
    ...CLIENT_CREDENTIAL_PROPERTIES,
  },
} as const

/**
 * Reads a request at the token endpoint; parameters that nobody knows are ignored (RFC 6749 section 3.2).
 *
 * @throws {ApiError} 400 for a grant type that is absent or another, for two credentials and for a scope that is absent or
 *   unknown; 401 for a client without a credential that can be read.
 */
export function parseOAuthTokenRequest(form: FormParameters, authorization: string | undefined): AuthRequest {
  requireParameters(form, ['grant_type'])
  if (!(GRANT_TYPES as readonly string[]).includes(form.get('grant_type') ?? ''))
    throw new ApiError(ERRORS.grantTypeUnsupported)
  const credential = readClientCredential(authorization, form)
  const scopes = (form.get('scope') ?? '').split(' ')
  if (!scopes.every(isScope)) throw new ApiError(ERRORS.scopeRefused)
  return { ...credential, scopes: uniqueScopes(scopes) }
}
