import { CHALLENGE_HEADER, ERRORS, formatChallenge, readBearer } from '@interhuman-auth/protocol'
import { ApiError, toApiError } from '../api-error.ts'
import type { RouteRequest } from './route.ts'

const NO_CREDENTIAL = { headers: { [CHALLENGE_HEADER]: formatChallenge() } }
const INVALID = { headers: { [CHALLENGE_HEADER]: formatChallenge('invalid_token') } }

/**
 * Authenticates whoever a request carries as its bearer, before anything of its body is read.
 *
 * @param authenticate throws `ih2001` for what is no credential of the kind; it is asked about malformed ones as well, as
 *   an empty text.
 * @throws {ApiError} `ih2002` or `ih2001` with a challenge (RFC 6750 section 3).
 */
export async function authorizeBearer<T>(
  request: Pick<RouteRequest, 'headers'>,
  authenticate: (credential: string) => Promise<T>,
): Promise<T> {
  const reading = readBearer(request.headers.authorization)
  if (reading.kind === 'absent') throw new ApiError(ERRORS.credentialAbsent, NO_CREDENTIAL)
  try {
    return await authenticate(reading.kind === 'token' ? reading.token : '')
  } catch (thrown) {
    const error = toApiError(thrown)
    throw error.row === ERRORS.invalidCredentials ? new ApiError(error.row, INVALID) : thrown
  }
}
