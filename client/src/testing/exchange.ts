import {
  type ApiVersion,
  ERRORS,
  type FieldProblems,
  formatScope,
  MAX_FIELD_PROBLEMS,
  type Scope,
  TOKEN_TYPE,
  uniqueScopes,
} from '@interhuman-auth/protocol'
import { readBody, scopeProblems, textProblem } from './read-body.ts'
import { type Refusal, toErrorResponse, toJsonResponse } from './refusal.ts'
import type { TestKeys } from './test-keys.ts'

const ABSENT = [
  ['key_id', ERRORS.keyIdAbsent],
  ['key_secret', ERRORS.keySecretAbsent],
  ['scopes', ERRORS.scopesAbsent],
] as const

/** Answers `POST /v0/auth` and `/v1/auth` as the service does (our contract, section 1). */
export async function answerExchange(
  request: Request,
  version: ApiVersion,
  { keys, lifetimeSeconds }: { readonly keys: TestKeys; readonly lifetimeSeconds: number },
): Promise<Response> {
  const reading = await readBody(request)
  if ('row' in reading) return toErrorResponse(reading, version)
  const refusal = refuseFields(reading.body)
  if (refusal !== undefined) return toErrorResponse(refusal, version)
  const { key_id: keyId, key_secret: keySecret, scopes: asked } = reading.body
  const scopes = uniqueScopes(asked as Scope[])
  const key = keys.authenticate(keyId, keySecret)
  if (key === undefined) return toErrorResponse({ row: ERRORS.invalidCredentials }, version)
  if (!scopes.every((scope) => key.scopes.includes(scope)))
    return toErrorResponse({ row: ERRORS.insufficientScope }, version)
  return toJsonResponse({
    access_token: keys.issue(key, scopes, lifetimeSeconds),
    token_type: TOKEN_TYPE,
    expires_in: lifetimeSeconds,
    scope: formatScope(scopes),
  })
}

function refuseFields(body: Readonly<Record<string, unknown>>): Refusal | undefined {
  for (const [field, row] of ABSENT) {
    if (!Object.hasOwn(body, field)) return { row }
  }
  const texts = ['key_id', 'key_secret'].flatMap((field): [string, string][] => {
    const problem = textProblem(body[field])
    return problem === undefined ? [] : [[field, problem]]
  })
  const { scopes } = body
  const problems: FieldProblems = Object.fromEntries(
    [...texts, ...scopeProblems(scopes)].slice(0, MAX_FIELD_PROBLEMS),
  )
  return Object.keys(problems).length === 0 ? undefined : { row: ERRORS.fieldInvalid, problems }
}
