import { ERRORS } from '@interhuman-auth/protocol'
import { ApiError } from '../../api-error.ts'
import { KEY_STATES } from '../../api-key.ts'
import { parseFormText } from '../../form-body.ts'
import { isKeyId } from '../../key-format.ts'

/** What the lists of the operator's API take behind their `?`, as JSON Schema. */
export const QUERY_PARAMETERS = {
  search: {
    schema: { type: 'string', minLength: 1, maxLength: 100 },
    description: 'What the name holds; A to Z count as a to z.',
  },
  state: { schema: { enum: [...KEY_STATES, 'expired'] }, description: 'Only those in this state.' },
  subject: {
    schema: { type: 'string', minLength: 1, maxLength: 200 },
    description: 'Only what was done to this key, token or signing key: its id.',
  },
  key: {
    schema: { type: 'string', pattern: '^ihk_[0-9A-Za-z]{20}$' },
    description: 'Only what came of this key.',
  },
  from: { schema: { type: 'string', format: 'date-time' }, description: 'Hours that began then or later.' },
  to: { schema: { type: 'string', format: 'date-time' }, description: 'Hours that began before.' },
  cursor: {
    schema: { type: 'string', pattern: '^[0-9A-Za-z_-]{1,200}$' },
    description: 'The `next_cursor` of the page before.',
  },
  limit: {
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    description: 'The longest page that is wanted.',
  },
} as const

/** The name of one of {@link QUERY_PARAMETERS}. */
export type QueryParameter = keyof typeof QUERY_PARAMETERS

/** What a list is asked for. */
export interface AdminQuery {
  readonly search: string | null
  readonly state: 'active' | 'disabled' | 'revoked' | 'expired' | null
  readonly subject: string | null
  /** Not `key_id`: an address that names a credential is refused. */
  readonly key: string | null
  /** Epoch seconds. */
  readonly from: number | null
  /** Epoch seconds. */
  readonly to: number | null
  readonly cursor: string | null
  readonly limit: number
}

const DEFAULT_LIMIT = QUERY_PARAMETERS.limit.schema.default
const states: readonly string[] = QUERY_PARAMETERS.state.schema.enum
const cursorPattern = new RegExp(QUERY_PARAMETERS.cursor.schema.pattern)

/**
 * Reads the query of a list.
 *
 * @param known the parameters that the operation takes.
 * @throws {ApiError} 400 for one that is unknown, repeated, or has a value that is not allowed; the value is not repeated.
 */
export function parseQuery(target: string, known: readonly QueryParameter[]): AdminQuery {
  const start = target.indexOf('?')
  const parameters = start === -1 ? new Map<string, string>() : parseFormText(target.slice(start + 1))
  for (const name of parameters.keys())
    if (!(known as readonly string[]).includes(name))
      throw new ApiError(ERRORS.queryInvalid, { problems: { query: formatKnown(known) } })
  const read = (name: QueryParameter, isAllowed: (value: string) => boolean, problem: string) => {
    const value = parameters.get(name) ?? null
    if (value !== null && !isAllowed(value)) throw refuseParameter(name, problem)
    return value
  }
  const readTime = (name: 'from' | 'to') => {
    const time = read(name, isTime, 'must be a time such as 2026-01-31T12:00:00Z')
    return time === null ? null : Date.parse(time) / 1000
  }
  const limit = read('limit', isLimit, 'must be a whole number from 1 to 1000')
  return {
    search: read('search', ({ length }) => length <= 100, 'must not be longer than 100 characters'),
    state: read(
      'state',
      (value) => states.includes(value),
      `must be one of ${states.join(', ')}`,
    ) as AdminQuery['state'],
    subject: read('subject', ({ length }) => length <= 200, 'must not be longer than 200 characters'),
    key: read('key', isKeyId, 'must be a key id'),
    from: readTime('from'),
    to: readTime('to'),
    cursor: read('cursor', (value) => cursorPattern.test(value), 'must be what a page before said'),
    limit: limit === null ? DEFAULT_LIMIT : Number(limit),
  }
}

/** The error of a parameter whose value is not allowed; a value is never in it. */
export function refuseParameter(name: QueryParameter, problem: string): ApiError {
  return new ApiError(ERRORS.queryInvalid, { problems: { [name]: problem } })
}

/** To the second, in UTC, as the answers have it. */
function isTime(value: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) && !Number.isNaN(Date.parse(value))
}

function isLimit(value: string): boolean {
  return /^[1-9]\d{0,3}$/.test(value) && Number(value) <= QUERY_PARAMETERS.limit.schema.maximum
}

function formatKnown(known: readonly QueryParameter[]): string {
  return known.length === 0 ? 'must be empty here' : `takes ${known.join(', ')}`
}
