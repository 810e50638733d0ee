import { ERRORS, type ErrorRow } from '@interhuman-auth/protocol'
import { textProblem } from './read-body.ts'
import type { Problem } from './refusal.ts'
import type { KeptKey, TestKeys } from './test-keys.ts'

/** A request's body, not yet checked. */
export type Body = Readonly<Record<string, unknown>>

const ALTERNATIVE = 'must not be sent beside what stands for the same'

/** The row for a body without an API key, or with half of one. */
export function refuseAbsentCredential(body: Body): ErrorRow | undefined {
  const [hasId, hasSecret] = [Object.hasOwn(body, 'key_id'), Object.hasOwn(body, 'key_secret')]
  if (Object.hasOwn(body, 'api_key')) return undefined
  if (!hasId) return hasSecret ? ERRORS.keyIdAbsent : ERRORS.apiKeyAbsent
  return hasSecret ? undefined : ERRORS.keySecretAbsent
}

/** What is wrong with those of the fields that are there; each must be a text. */
export function textProblems(body: Body, fields: readonly string[]): Problem[] {
  return fields.flatMap((field): Problem[] => {
    const problem = Object.hasOwn(body, field) ? textProblem(body[field]) : undefined
    return problem === undefined ? [] : [[field, problem]]
  })
}

/** What is wrong where two forms of the same are sent at once. */
export function alternativeProblems(body: Body, one: readonly string[], other: readonly string[]): Problem[] {
  const sent = [...one, ...other].filter((field) => Object.hasOwn(body, field))
  const isBoth = [one, other].every((form) => form.some((field) => sent.includes(field)))
  return isBoth ? sent.map((field) => [field, ALTERNATIVE]) : []
}

/** The fields that carry an API key. */
export const CREDENTIAL_FIELDS = ['api_key', 'key_id', 'key_secret'] as const

/** What is wrong where two API keys are sent at once. */
export function credentialAlternatives(body: Body): Problem[] {
  return alternativeProblems(body, ['key_id', 'key_secret'], ['api_key'])
}

/** Finds the key of a body that was checked, in either form. */
export function authenticateBody(body: Body, keys: TestKeys): KeptKey | undefined {
  return Object.hasOwn(body, 'api_key')
    ? keys.authenticateSecret(body.api_key)
    : keys.authenticate(body.key_id, body.key_secret)
}
