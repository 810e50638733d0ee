import { ERRORS } from '@interhuman-auth/protocol'
import {
  alternativeProblems,
  authenticateBody,
  type Body,
  CREDENTIAL_FIELDS,
  credentialAlternatives,
  refuseAbsentCredential,
  textProblems,
} from './key-credential.ts'
import { readBody } from './read-body.ts'
import { type Refusal, toErrorResponse, toFieldRefusal, toJsonResponse } from './refusal.ts'
import type { TestKeys } from './test-keys.ts'

const VERSION = 'v1'

/** Answers `POST /v1/client_tokens/revoke` as the service does: 200 whatever became of it (our contract, section 5). */
export async function answerClientTokenRevocation(request: Request, keys: TestKeys): Promise<Response> {
  const reading = await readBody(request)
  if ('row' in reading) return toErrorResponse(reading, VERSION)
  const { body } = reading
  const refusal = refuseFields(body)
  if (refusal !== undefined) return toErrorResponse(refusal, VERSION)
  const key = authenticateBody(body, keys)
  if (key === undefined) return toErrorResponse({ row: ERRORS.invalidCredentials }, VERSION)
  keys.revokeClientToken(key, { token: body.token, tokenId: body.token_id })
  return toJsonResponse({})
}

function refuseFields(body: Body): Refusal | undefined {
  const absent = refuseAbsentCredential(body)
  if (absent !== undefined) return { row: absent }
  if (!Object.hasOwn(body, 'token') && !Object.hasOwn(body, 'token_id')) return { row: ERRORS.tokenAbsent }
  return toFieldRefusal([
    ...textProblems(body, [...CREDENTIAL_FIELDS, 'token', 'token_id']),
    ...credentialAlternatives(body),
    ...alternativeProblems(body, ['token_id'], ['token']),
  ])
}
