import {
  type ClientTokenCapsWire,
  DEFAULT_CLIENT_TOKEN_LIFETIME_SECONDS,
  DEFAULT_CLIENT_TOKEN_SCOPES,
  ERRORS,
  formatClientTokenResponse,
  MAX_ALLOWED_ORIGINS,
  MAX_CLIENT_TOKEN_LIFETIME_SECONDS,
  MAX_ORIGIN_LENGTH,
  MIN_CLIENT_TOKEN_LIFETIME_SECONDS,
  type Scope,
  toClientTokenCaps,
  uniqueScopes,
} from '@interhuman-auth/protocol'
import {
  authenticateBody,
  type Body,
  CREDENTIAL_FIELDS,
  credentialAlternatives,
  refuseAbsentCredential,
  textProblems,
} from './key-credential.ts'
import { readBody, scopeProblems } from './read-body.ts'
import { type Problem, type Refusal, toErrorResponse, toFieldRefusal, toJsonResponse } from './refusal.ts'
import type { TestKeys } from './test-keys.ts'

const VERSION = 'v1'
/** Characters that a host of the web has; a URL's host may have others. */
const originForm = /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/
const CAP_FIELDS = ['max_duration_seconds', 'max_bytes', 'max_concurrent', 'max_video_seconds']

/** Answers `POST /v1/client_tokens` as the service does (our contract, section 5). */
export async function answerClientToken(request: Request, keys: TestKeys): Promise<Response> {
  const reading = await readBody(request)
  if ('row' in reading) return toErrorResponse(reading, VERSION)
  const { body } = reading
  const refusal = refuseFields(body)
  if (refusal !== undefined) return toErrorResponse(refusal, VERSION)
  const key = authenticateBody(body, keys)
  if (key === undefined) return toErrorResponse({ row: ERRORS.invalidCredentials }, VERSION)
  const scopes = uniqueScopes((body.scopes as Scope[] | undefined) ?? DEFAULT_CLIENT_TOKEN_SCOPES)
  if (!scopes.every((scope) => key.scopes.includes(scope)))
    return toErrorResponse({ row: ERRORS.insufficientScope }, VERSION)
  const lifetimeSeconds = clampLifetime(body.expires_in as number | undefined)
  const issued = keys.issueClientToken(key, { scopes, lifetimeSeconds, caps: readCaps(body) })
  return toJsonResponse(formatClientTokenResponse(issued))
}

function refuseFields(body: Body): Refusal | undefined {
  const absent = refuseAbsentCredential(body)
  if (absent !== undefined) return { row: absent }
  const problems = [
    ...textProblems(body, CREDENTIAL_FIELDS),
    ...(Object.hasOwn(body, 'scopes') ? scopeProblems(body.scopes) : []),
    ...lifetimeProblems(body),
    ...CAP_FIELDS.flatMap((field) => capProblems(body, field)),
    ...(Object.hasOwn(body, 'allowed_origins') ? originProblems(body.allowed_origins) : []),
    ...credentialAlternatives(body),
  ]
  return toFieldRefusal(problems)
}

function lifetimeProblems({ expires_in }: Body): Problem[] {
  return expires_in === undefined || Number.isFinite(expires_in) ? [] : [['expires_in', 'must be a number']]
}

function capProblems(body: Body, field: string): Problem[] {
  if (!Object.hasOwn(body, field)) return []
  const value = body[field]
  if (typeof value !== 'number' || !Number.isInteger(value)) return [[field, 'must be a whole number']]
  if (value < 1) return [[field, 'must be at least 1']]
  return value > Number.MAX_SAFE_INTEGER ? [[field, `must be at most ${Number.MAX_SAFE_INTEGER}`]] : []
}

function originProblems(value: unknown): Problem[] {
  if (!Array.isArray(value)) return [['allowed_origins', 'must be a list']]
  if (value.length === 0) return [['allowed_origins', 'must not be empty']]
  const entries = value.flatMap((origin, index): Problem[] => {
    const problem = originProblem(origin)
    return problem === undefined ? [] : [[`allowed_origins[${index}]`, problem]]
  })
  if (value.length <= MAX_ALLOWED_ORIGINS) return entries
  return [...entries, ['allowed_origins', `must not have more than ${MAX_ALLOWED_ORIGINS} entries`]]
}

function originProblem(origin: unknown): string | undefined {
  if (typeof origin !== 'string') return 'must be a string'
  if (origin.length > MAX_ORIGIN_LENGTH) return `must not be longer than ${MAX_ORIGIN_LENGTH} characters`
  return originForm.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin
    ? undefined
    : 'must be an origin as a browser sends it, such as https://app.example.com'
}

function clampLifetime(seconds = DEFAULT_CLIENT_TOKEN_LIFETIME_SECONDS): number {
  const whole = Math.floor(seconds)
  return Math.min(Math.max(whole, MIN_CLIENT_TOKEN_LIFETIME_SECONDS), MAX_CLIENT_TOKEN_LIFETIME_SECONDS)
}

function readCaps(body: ClientTokenCapsWire) {
  const { allowed_origins, ...others } = body
  const origins = allowed_origins && { allowed_origins: [...new Set(allowed_origins)] }
  return toClientTokenCaps({ ...others, ...origins })
}
