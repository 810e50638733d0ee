import { ERRORS, type ErrorRow, type FieldProblems } from '@interhuman-auth/protocol'

/** What an error body says, whichever of its forms it has. */
export interface ErrorReading {
  readonly errorId: string | undefined
  readonly status: number | undefined
  readonly correlationId: string | undefined
  readonly message: string | undefined
  readonly problems: FieldProblems
  /** Of our own `--json`: how the command ended. */
  readonly exitCode: number | undefined
}

/**
 * Reads an error body: v0, v1 or what has the fields of both, a stream's error envelope of either version, or what
 * `--json` gives of a refusal.
 *
 * @returns `undefined` for what is no JSON object, or holds none of what an error has.
 * @see Our contract, section 2
 */
export function readErrorBody(text: string): ErrorReading | undefined {
  const body = parseObject(text)
  if (body === undefined) return undefined
  const inner = { ...asObject(body.data), ...asObject(body.error) }
  const string = (...names: string[]) => firstOf(body, inner, names, isString)
  const number = (...names: string[]) => firstOf(body, inner, names, isStatus)
  const reading = {
    errorId: string('error_id', 'code'),
    status: number('status_code', 'status'),
    correlationId: string('correlation_id'),
    message: string('message', 'detail', 'error_description'),
    problems: Object.fromEntries(Object.entries(asObject(body.extra)).filter(hasText)),
    exitCode: number('exit_code'),
  }
  const { problems, ...said } = reading
  return Object.values(said).every((value) => value === undefined) ? undefined : reading
}

/** Finds the row of the catalogue that has an id. */
export function findErrorRow(errorId: string): ErrorRow | undefined {
  return Object.values(ERRORS).find(({ id }) => id === errorId)
}

/**
 * Finds the row that a status most likely means where a body names no id, as before Interhuman had ids: what an
 * exchange answers with.
 */
export function guessErrorRow(status: number | undefined): ErrorRow | undefined {
  const { invalidCredentials, insufficientScope, fieldInvalid, internal, rateLimited, unavailable } = ERRORS
  const usual = [invalidCredentials, insufficientScope, fieldInvalid, rateLimited, internal, unavailable]
  return usual.find((row) => row.status === status)
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function firstOf<T>(
  body: Record<string, unknown>,
  inner: Record<string, unknown>,
  names: readonly string[],
  is: (value: unknown) => value is T,
): T | undefined {
  return names.flatMap((name) => [body[name], inner[name]]).find(is)
}

function isString(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isStatus(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value)
}

function hasText(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string'
}
