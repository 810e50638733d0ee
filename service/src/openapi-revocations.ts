import {
  ERRORS,
  LAST_EVENT_ID_HEADER,
  MAX_FEED_NAME_LENGTH,
  REVOCATION_ACK_PATH,
  REVOCATIONS_PATH,
} from '@interhuman-auth/protocol'
import { COMMON_ERRORS, errorResponses, jsonContent, postPath, response } from './openapi-operation.ts'

/** How far a checker is, as it says so. */
export const REVOCATION_ACK_SCHEMA = {
  type: 'object',
  required: ['lease', 'id'],
  properties: {
    lease: {
      type: 'string',
      minLength: 1,
      maxLength: MAX_FEED_NAME_LENGTH,
      description: 'What the `ready` event of the connection said.',
    },
    id: { type: 'string', description: 'The id of the last event that is in force at the checker.' },
  },
} as const

const VERIFIER = [{ verifier: [] }]
const CREDENTIAL_ERRORS = [ERRORS.credentialAbsent, ERRORS.invalidCredentials, ERRORS.unavailable]

/** The paths of the revocation feed (our contract, section 6). */
export const REVOCATION_PATHS = {
  [REVOCATIONS_PATH]: {
    get: {
      operationId: 'followRevocations',
      summary: 'What ends credentials early: everything that is in force, then each change as it happens.',
      security: VERIFIER,
      parameters: [
        {
          name: LAST_EVENT_ID_HEADER,
          in: 'header',
          required: false,
          schema: { type: 'string' },
          description: 'The id of the last event of the connection before; the feed goes on behind it.',
        },
      ],
      responses: {
        200: response('Events `key`, `token`, `signing-key`, `ready` and `heartbeat`, without an end.', {
          'text/event-stream': { schema: { type: 'string' } },
        }),
        ...errorResponses([...CREDENTIAL_ERRORS, ERRORS.concurrencyLimited, ...COMMON_ERRORS], 'ErrorV1'),
      },
    },
  },
  [REVOCATION_ACK_PATH]: postPath({
    operationId: 'acknowledgeRevocations',
    summary: 'Say how far a checker is, for whoever waits until a revocation is in force everywhere.',
    request: 'RevocationAck',
    security: VERIFIER,
    answer: response('Noted.', jsonContent('Nothing')),
    errors: errorResponses(
      [
        ...CREDENTIAL_ERRORS,
        ERRORS.wrongContentType,
        ERRORS.bodyNotJson,
        ERRORS.bodyTooLarge,
        ERRORS.fieldInvalid,
        ...COMMON_ERRORS,
      ],
      'ErrorV1',
    ),
  }),
}
