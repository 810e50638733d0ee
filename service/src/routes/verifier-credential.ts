import { CHALLENGE_HEADER, ERRORS, formatChallenge, readBearer } from '@interhuman-auth/protocol'
import { ApiError, toApiError } from '../api-error.ts'
import { type AuthenticatedVerifier, authenticateVerifier, type VerifierLookups } from '../verifier.ts'
import type { RouteRequest } from './route.ts'

const NO_CREDENTIAL = { headers: { [CHALLENGE_HEADER]: formatChallenge() } }
const INVALID = { headers: { [CHALLENGE_HEADER]: formatChallenge('invalid_token') } }

/**
 * Authenticates the verifier that a request carries as its bearer, before anything of its body is read.
 *
 * @throws {ApiError} `ih2002` or `ih2001` with a challenge (RFC 6750 section 3).
 */
export async function authorizeVerifier(
  request: Pick<RouteRequest, 'headers'>,
  lookups: VerifierLookups,
): Promise<AuthenticatedVerifier> {
  const reading = readBearer(request.headers.authorization)
  if (reading.kind === 'absent') throw new ApiError(ERRORS.credentialAbsent, NO_CREDENTIAL)
  try {
    return await authenticateVerifier(reading.kind === 'token' ? reading.token : '', lookups)
  } catch (thrown) {
    const error = toApiError(thrown)
    throw error.row === ERRORS.invalidCredentials ? new ApiError(error.row, INVALID) : thrown
  }
}
