import { type ClientTokenRevocationRequest, ERRORS, type ErrorRow } from '@interhuman-auth/protocol'
import Schema from 'typebox/schema'
import { explainBody } from './body-problems.ts'
import { readClientTokenId } from './client-token-id.ts'
import {
  findAbsentCredential,
  KEY_CREDENTIAL_PROPERTIES,
  type KeyCredential,
  ONE_KEY_CREDENTIAL,
  toKeyCredential,
} from './key-credential.ts'

/**
 * A request to revoke a client token as JSON Schema: the one source of what is checked and of what the OpenAPI document
 * says.
 *
 * @see Our contract, section 5
 */
export const CLIENT_TOKEN_REVOCATION_SCHEMA = {
  type: 'object',
  properties: {
    ...KEY_CREDENTIAL_PROPERTIES,
    token: { type: 'string', minLength: 1, format: 'password', description: 'The client token itself.' },
    token_id: { type: 'string', minLength: 1, description: 'Its `token_id`, instead.' },
  },
  allOf: [
    ONE_KEY_CREDENTIAL,
    {
      oneOf: [
        { required: ['token'], properties: { token_id: false } },
        { required: ['token_id'], properties: { token: false } },
      ],
    },
  ],
} as const

/** A request to revoke a client token, read. */
export interface ClientTokenRevocationAsked {
  readonly credential: KeyCredential
  /** What was sent as one, or stands in the token that was sent; `undefined` where that is no token. */
  readonly tokenId: string | undefined
}

const schema = Schema.Compile(CLIENT_TOKEN_REVOCATION_SCHEMA)

/**
 * Reads the parsed body of a request to revoke a client token.
 *
 * @throws {ApiError} 400 when it is not an object, holds no API key or names no token, 422 when a field has a value that
 *   is not allowed.
 */
export function parseClientTokenRevocation(body: unknown): ClientTokenRevocationAsked {
  if (!schema.Check(body)) throw explainBody(schema, body, findAbsent)
  const checked = body as ClientTokenRevocationRequest
  return {
    credential: toKeyCredential(checked),
    tokenId: 'token' in checked ? readClientTokenId(checked.token) : checked.token_id,
  }
}

function findAbsent(has: (field: string) => boolean): ErrorRow | undefined {
  const absent = findAbsentCredential(has)
  return absent ?? (has('token') || has('token_id') ? undefined : ERRORS.tokenAbsent)
}
