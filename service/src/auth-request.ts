import { ERRORS, type FieldProblems, SCOPES, type Scope, uniqueScopes } from '@interhuman-auth/protocol'
import Schema from 'typebox/schema'
import { ApiError } from './api-error.ts'

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
  if (!schema.Check(body)) throw explain(body)
  const { key_id, key_secret, scopes } = body as unknown as CheckedBody
  return { keyId: key_id, keySecret: key_secret, scopes: uniqueScopes(scopes) }
}

const ABSENT = [
  ['key_id', ERRORS.keyIdAbsent],
  ['key_secret', ERRORS.keySecretAbsent],
  ['scopes', ERRORS.scopesAbsent],
] as const

function explain(body: unknown): ApiError {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return new ApiError(ERRORS.bodyNotObject)
  for (const [field, row] of ABSENT) {
    if (!Object.hasOwn(body, field)) return new ApiError(row)
  }
  return new ApiError(ERRORS.fieldInvalid, { problems: describeProblems(body) })
}

/** More than this many wrong fields are not told: the answer must not grow with the request. */
const MAX_PROBLEMS = 10

function describeProblems(body: object): FieldProblems {
  const [, errors] = schema.Errors(body)
  const problems = new Map<string, string>()
  for (const error of errors) {
    const field = formatField(error.instancePath)
    if (problems.size < MAX_PROBLEMS && !problems.has(field)) problems.set(field, describe(error))
  }
  return Object.fromEntries(problems)
}

/** `/scopes/1` → `scopes[1]`. Only names of the schema and positions are in it, never what the caller sent. */
function formatField(instancePath: string): string {
  return instancePath.slice(1).replace(/\/(\d+)/g, '[$1]')
}

function describe(error: { readonly keyword: string; readonly schemaPath: string }): string {
  const list = error.schemaPath.endsWith('/scopes')
  if (error.keyword === 'type') return list ? 'must be a list' : 'must be a string'
  if (error.keyword === 'enum') return `must be one of ${SCOPES.join(', ')}`
  return 'must not be empty'
}
