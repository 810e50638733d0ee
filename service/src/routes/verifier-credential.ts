import { type AuthenticatedVerifier, authenticateVerifier, type VerifierLookups } from '../verifier.ts'
import { authorizeBearer } from './authorize-bearer.ts'
import type { RouteRequest } from './route.ts'

/**
 * Authenticates the verifier that a request carries as its bearer, before anything of its body is read.
 *
 * @throws {ApiError} `ih2002` or `ih2001` with a challenge (RFC 6750 section 3).
 */
export function authorizeVerifier(
  request: Pick<RouteRequest, 'headers'>,
  lookups: VerifierLookups,
): Promise<AuthenticatedVerifier> {
  return authorizeBearer(request, (secret) => authenticateVerifier(secret, lookups))
}
