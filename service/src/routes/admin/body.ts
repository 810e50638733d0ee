import type { IncomingMessage } from 'node:http'
import { ERRORS } from '@interhuman-auth/protocol'
import { ApiError } from '../../api-error.ts'
import { explainBody } from '../../body-problems.ts'
import { readJsonBody } from '../../request-body.ts'
import { ADMIN_REQUEST_CHECKS } from './request-checks.ts'
import { ADMIN_REQUESTS, type AdminRequestName } from './requests.ts'

/**
 * Reads the body of a change; none at all stands for no fields.
 *
 * @throws {ApiError} as a JSON body is refused.
 */
export async function readChangeBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  if (coding === undefined && (length === undefined || Number(length) === 0)) return {}
  return readJsonBody(request, maxBytes)
}

/**
 * Checks the parsed body of a change.
 *
 * @throws {ApiError} 400 when it is no object, 422 when a field is absent, unknown, or has a value that is not allowed.
 */
export function checkBody(body: unknown, name: AdminRequestName): void {
  const schema = ADMIN_REQUEST_CHECKS[name]
  if (schema.Check(body)) return
  const { required = [], properties } = ADMIN_REQUESTS[name] as {
    readonly required?: readonly string[]
    readonly properties: Readonly<Record<string, object>>
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    const absent = required.find((field) => !Object.hasOwn(body, field))
    if (absent !== undefined) throw refuseField(absent, 'is required')
    const known = Object.keys(properties)
    if (Object.keys(body).length === 0) throw refuseField('body', `needs one of ${known.join(', ')}`)
    if (!Object.keys(body).every((field) => known.includes(field)))
      throw refuseField('body', known.length === 0 ? 'takes no field' : `takes ${known.join(', ')} only`)
  }
  throw explainBody(schema, body, () => undefined)
}

/** The error of a field whose value is not allowed; a value is never in it. */
export function refuseField(field: string, problem: string): ApiError {
  return new ApiError(ERRORS.fieldInvalid, { problems: { [field]: problem } })
}
