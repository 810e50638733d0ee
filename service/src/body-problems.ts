import { ERRORS, type ErrorRow, type FieldProblems, MAX_FIELD_PROBLEMS } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'

/** What of a compiled schema is asked about a body that it refuses. */
export interface BodySchema {
  Errors(body: unknown): readonly [boolean, readonly SchemaError[]]
}

interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly params: object
}

/**
 * Writes the error of a body that its schema refuses: 400 when it is no object or lacks a field, 422 when a field has a
 * value that is not allowed, whichever comes first (our contract, section 1).
 *
 * @param findAbsent names the row of the first field that is absent; `has` says which are there.
 */
export function explainBody(
  schema: BodySchema,
  body: unknown,
  findAbsent: (has: (field: string) => boolean) => ErrorRow | undefined,
): ApiError {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return new ApiError(ERRORS.bodyNotObject)
  const absent = findAbsent((field) => Object.hasOwn(body, field))
  if (absent !== undefined) return new ApiError(absent)
  return new ApiError(ERRORS.fieldInvalid, { problems: describeProblems(schema, body) })
}

function describeProblems(schema: BodySchema, body: object): FieldProblems {
  const [, errors] = schema.Errors(body)
  const problems = new Map<string, string>()
  for (const error of errors) {
    const field = formatField(error.instancePath)
    const problem = describe(error)
    if (problem !== undefined && problems.size < MAX_FIELD_PROBLEMS && !problems.has(field))
      problems.set(field, problem)
  }
  return Object.fromEntries(problems)
}

/** `/scopes/1` → `scopes[1]`. Only names of the schema and positions are in it, never what the caller sent. */
function formatField(instancePath: string): string {
  return instancePath.slice(1).replace(/\/(\d+)/g, '[$1]')
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'must be a list',
  boolean: 'must be true or false',
  integer: 'must be a whole number',
  number: 'must be a number',
  string: 'must be a string',
}

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': 'must be a time such as 2030-01-31T12:00:00Z',
  'visible-name': 'must be 1 to 100 visible characters',
  'web-origin': 'must be an origin as a browser sends it, such as https://app.example.com',
}

/** `undefined` for what only says that a part of the schema failed: the field that it failed at has words of its own. */
function describe({ keyword, params }: SchemaError): string | undefined {
  const { type, allowedValues, limit, format } = params as Readonly<Record<string, unknown>>
  switch (keyword) {
    case 'type':
      return TYPES[String(type)]
    case 'enum':
      return `must be one of ${(allowedValues as readonly string[]).join(', ')}`
    case 'minLength':
    case 'minItems':
      return 'must not be empty'
    case 'maxLength':
      return `must not be longer than ${limit} characters`
    case 'maxItems':
      return `must not have more than ${limit} entries`
    case 'minimum':
      return `must be at least ${limit}`
    case 'maximum':
      return `must be at most ${limit}`
    case 'format':
      return FORMATS[String(format)]
    case 'boolean':
      return 'must not be sent beside what stands for the same'
    default:
      return undefined
  }
}
