import { ERRORS, type ErrorRow, SCOPES, type Scope, uniqueScopes } from '@interhuman-auth/protocol'
import Schema from 'typebox/schema'
import { explainBody } from './body-problems.ts'

/**
 * The exchange's request as JSON Schema: the one source of what is checked and of what the OpenAPI document says.
 *
 * @see Our contract, section 1
 */
export const TOKEN_REQUEST_SCHEMA = {
  type: 'object',
  required: ['key_id', 'key_secret', 'scopes'],
  properties: {
    key_id: { type: 'string', minLength: 1, description: 'The id of the API key.' },
    key_secret: {
      type: 'string',
      minLength: 1,
      format: 'password',
      description: 'The secret of the API key.',
    },
    scopes: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', enum: [...SCOPES] },
      description: 'What the token is to be good for. A repeated scope counts once.',
    },
  },
} as const

/** An exchange's request, read. */
export interface AuthRequest {
  readonly keyId: string
  readonly keySecret: string
  /** In the order asked, without repeats. */
  readonly scopes: readonly Scope[]
}

const schema = Schema.Compile(TOKEN_REQUEST_SCHEMA)

interface CheckedBody {
  readonly key_id: string
  readonly key_secret: string
  readonly scopes: readonly Scope[]
}

/**
 * Reads the parsed body of an exchange's request.
 *
 * @throws {ApiError} 400 when it is not an object or lacks a field, 422 when a field has a value that is not allowed.
 */
export function parseAuthRequest(body: unknown): AuthRequest {
  if (!schema.Check(body)) throw explainBody(schema, body, findAbsent)
  const { key_id, key_secret, scopes } = body as unknown as CheckedBody
  return { keyId: key_id, keySecret: key_secret, scopes: uniqueScopes(scopes) }
}

const ABSENT = [
  ['key_id', ERRORS.keyIdAbsent],
  ['key_secret', ERRORS.keySecretAbsent],
  ['scopes', ERRORS.scopesAbsent],
] as const

function findAbsent(has: (field: string) => boolean): ErrorRow | undefined {
  return ABSENT.find(([field]) => !has(field))?.[1]
}
