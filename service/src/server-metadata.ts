import {
  INTROSPECTION_PATH,
  KEY_SET_PATH,
  OAUTH_REVOCATION_PATH,
  OAUTH_TOKEN_PATH,
  SCOPES,
  TOKEN_TYPE,
} from '@interhuman-auth/protocol'
import { CLIENT_AUTHENTICATION_METHODS } from './client-authentication.ts'
import { GRANT_TYPES } from './oauth-token-request.ts'

/** The metadata of the service as an authorization server, names as they stand on the wire (RFC 8414 section 2). */
export interface ServerMetadata {
  readonly issuer: string
  readonly token_endpoint: string
  readonly token_endpoint_auth_methods_supported: readonly string[]
  readonly jwks_uri: string
  readonly scopes_supported: readonly string[]
  /** None: there is no authorization endpoint. The member is required all the same. */
  readonly response_types_supported: readonly string[]
  readonly grant_types_supported: readonly string[]
  readonly revocation_endpoint: string
  readonly revocation_endpoint_auth_methods_supported: readonly string[]
  readonly introspection_endpoint: string
  /** A verifier's bearer, by the name of its token type (RFC 8414 section 2). */
  readonly introspection_endpoint_auth_methods_supported: readonly string[]
}

/** Writes the metadata. The addresses are the issuer's: whatever stands in front has them where the issuer says. */
export function formatServerMetadata(issuer: string): ServerMetadata {
  return {
    issuer,
    token_endpoint: issuer + OAUTH_TOKEN_PATH,
    token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION_METHODS,
    jwks_uri: issuer + KEY_SET_PATH,
    scopes_supported: SCOPES,
    response_types_supported: [],
    grant_types_supported: GRANT_TYPES,
    revocation_endpoint: issuer + OAUTH_REVOCATION_PATH,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION_METHODS,
    introspection_endpoint: issuer + INTROSPECTION_PATH,
    introspection_endpoint_auth_methods_supported: [TOKEN_TYPE],
  }
}
