import { ERRORS, type ErrorRow, errorDialect, errorSlug, type FieldProblems } from '@interhuman-auth/protocol'
import { expect } from 'vitest'
import type { RawResponse } from './raw-http.ts'

/** The error page that a service in a test's temp folder names: the default issuer's. */
const ERROR_PAGE = 'http://127.0.0.1:4747/errors'

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Writes an error body by hand, byte for byte, as the contract's section 2 has it. */
export function expectedErrorBody(
  row: ErrorRow,
  path: string,
  correlationId: string,
  problems: FieldProblems = {},
  oauth = row.oauth,
): string {
  const told = Object.entries(problems).map(([field, problem]) => `\`${field}\` ${problem}`)
  const message = told.length === 0 ? row.message : `${row.message} ${told.join('; ')}.`
  if (errorDialect(path) === 'oauth')
    return `{"error":"${oauth}","error_description":${JSON.stringify(message)},"error_uri":"${ERROR_PAGE}#${errorSlug(row)}","error_id":"${row.id}","correlation_id":"${correlationId}"}`
  const tail = `"error_id":"${row.id}","correlation_id":"${correlationId}","link":"${ERROR_PAGE}#${errorSlug(row)}","message":${JSON.stringify(message)}}`
  if (errorDialect(path) === 'v1') return `{${tail}`
  return `{"detail":${JSON.stringify(message)},"status_code":${row.status},"extra":${JSON.stringify(problems)},${tail}`
}

/** Holds a response to a row of the catalogue: status, headers and every byte of the body. */
export function expectError(
  response: RawResponse | undefined,
  row: ErrorRow,
  path: string,
  problems?: FieldProblems,
  oauth?: string,
): void {
  const correlationId = response?.headers['x-correlation-id'] ?? ''
  expect(correlationId).toMatch(UUID)
  expect(response?.status).toBe(row.status)
  expect(response?.body).toBe(expectedErrorBody(row, path, correlationId, problems, oauth))
  expect(response?.headers['content-type']).toMatch(/^application\/json(?:; charset=utf-8)?$/)
  expect(response?.headers['cache-control']).toBe('no-store')
}

/** Holds a response to the exchange's 200. */
export function expectToken(response: RawResponse | undefined, scope: string): void {
  expect(response?.status).toBe(200)
  expect(response?.headers['x-correlation-id']).toMatch(UUID)
  expect(response?.headers['cache-control']).toBe('no-store')
  expect(response?.headers).not.toHaveProperty('etag')
  expect(response?.body.replace(/"access_token":"[\w-]+\.[\w-]+\.[\w-]+"/, '"access_token":"…"')).toBe(
    `{"access_token":"…","token_type":"Bearer","expires_in":900,"scope":"${scope}"}`,
  )
}

const rows: readonly ErrorRow[] = Object.values(ERRORS)

/** Says whether a body is that of some row of the catalogue with this status, in the dialect of the path. */
export function isContractError(response: RawResponse, path: string): boolean {
  try {
    const { error_id, correlation_id, extra, message, error } = JSON.parse(response.body)
    const row = rows.find(({ id, status }) => id === error_id && status === response.status)
    if (row === undefined || correlation_id !== response.headers['x-correlation-id']) return false
    if (errorDialect(path) === 'oauth')
      return /^[a-z]+(?:_[a-z]+)+$/.test(error) && !('message' in JSON.parse(response.body))
    if (errorDialect(path) === 'v1') return message.startsWith(row.message)
    return response.body === expectedErrorBody(row, path, correlation_id, extra)
  } catch {
    return false
  }
}
