import { ERRORS, MAX_CLOCK_SKEW_SECONDS } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'
import type { AuditEntry } from './audit.ts'
import {
  CLIENT_CREDENTIAL_PROPERTIES,
  type ClientCredential,
  readClientCredential,
} from './client-authentication.ts'
import type { TokenRevocation } from './client-token.ts'
import { type FormParameters, requireParameters } from './form-body.ts'
import { authenticateCredential, type KeyLookups } from './key-credential.ts'
import { TOKEN_PARAMETERS } from './oauth-token-parameters.ts'
import { isSecret, SECRET_PREFIXES } from './secret-format.ts'
import type { KeySeen } from './usage.ts'
import { type VerifyTokenDependencies, verifyToken } from './verify-token.ts'

/**
 * The form of a request to revoke a token as JSON Schema: the one source of what is required and of what the OpenAPI
 * document says.
 *
 * @see RFC 7009 section 2.1
 */
export const OAUTH_REVOCATION_SCHEMA = {
  type: 'object',
  required: ['token'],
  properties: { ...TOKEN_PARAMETERS, ...CLIENT_CREDENTIAL_PROPERTIES },
} as const

/** A request to revoke a token, read. */
export interface OAuthRevocationAsked {
  readonly credential: ClientCredential
  readonly token: string
}

/**
 * Reads a request to revoke a token.
 *
 * @throws {ApiError} 400 for a token that is absent and for two credentials, 401 for a client without a credential that
 *   can be read.
 */
export function parseOAuthRevocation(
  form: FormParameters,
  authorization: string | undefined,
): OAuthRevocationAsked {
  requireParameters(form, OAUTH_REVOCATION_SCHEMA.required)
  return { credential: readClientCredential(authorization, form), token: form.get('token') ?? '' }
}

/** What revoking needs from outside. */
export interface OAuthRevokeDependencies extends KeyLookups, VerifyTokenDependencies {
  revokeToken(revocation: TokenRevocation, audit: AuditEntry): Promise<void>
}

/**
 * Revokes an access token or a client token of a key. One of another key, one whose time is over and what was never issued
 * here are left alone, and nobody is told which it was. A secret, by its form alone, is refused: whoever sends one believes
 * that it is dead from now on.
 *
 * @param origin the client's address, for the audit.
 * @param seen is told which key it is.
 * @throws {ApiError} `ih2001` when the key does not authenticate, `ia9037` for a secret.
 * @see RFC 7009 sections 2.1 and 2.2
 */
export async function revokeOwnToken(
  { credential, token }: OAuthRevocationAsked,
  origin: string,
  dependencies: OAuthRevokeDependencies,
  seen?: KeySeen,
): Promise<void> {
  const { keyId } = await authenticateCredential(credential, dependencies, seen)
  if (SECRET_PREFIXES.some((prefix) => isSecret(token, prefix)))
    throw new ApiError(ERRORS.tokenTypeUnsupported)
  const own = verifyToken(token, dependencies)
  if (own === undefined || own.claims.client_id !== keyId) return
  const { jti, exp } = own.claims
  const now = dependencies.now()
  await dependencies.revokeToken(
    { tokenId: jti, revokedAt: now, expiresAt: exp + MAX_CLOCK_SKEW_SECONDS },
    {
      at: now,
      actor: `key:${keyId}`,
      origin,
      action: own.caps === undefined ? 'token.revoke' : 'client_token.revoke',
      subject: jti,
      detail: { key_id: keyId, expires_at: exp },
      before: null,
      after: null,
    },
  )
}
