import { ERRORS, type ErrorRow } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { ApiError, toApiError } from '../src/api-error.ts'
import { formatErrorResponse } from '../src/error-response.ts'
import { StoreUnavailableError } from '../src/store/store-error.ts'

const context = { correlationId: '00000000-0000-4000-8000-000000000000', errorPage: 'https://a.test/errors' }
const rows: readonly ErrorRow[] = Object.values(ERRORS)
const quoted = (text: string) => JSON.stringify(text)

test.each(rows)('$id in both dialects, byte for byte', (row) => {
  const kebab = row.title.toLowerCase().replaceAll(' ', '-')
  const tail =
    `"error_id":"${row.id}","correlation_id":"${context.correlationId}",` +
    `"link":"https://a.test/errors#${row.id}-${kebab}","message":${quoted(row.message)}}`
  const v0 = formatErrorResponse(new ApiError(row), '/v0/auth', context)
  expect(v0.body).toBe(`{"detail":${quoted(row.message)},"status_code":${row.status},"extra":{},${tail}`)
  const v1 = formatErrorResponse(new ApiError(row), '/v1/auth', context)
  expect(v1.body).toBe(`{${tail}`)
  for (const { status, headers } of [v0, v1]) {
    expect(status).toBe(row.status)
    expect(headers).toEqual({
      'X-Correlation-ID': context.correlationId,
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
    })
  }
})

test.each(rows)('$id at an OAuth endpoint has the members of RFC 6749 section 5.2, byte for byte', (row) => {
  const kebab = row.title.toLowerCase().replaceAll(' ', '-')
  const { status, headers, body } = formatErrorResponse(new ApiError(row), '/oauth2/token', context)
  expect(body).toBe(
    `{"error":"${row.oauth}","error_description":${quoted(row.message)},` +
      `"error_uri":"https://a.test/errors#${row.id}-${kebab}","error_id":"${row.id}","correlation_id":"${context.correlationId}"}`,
  )
  expect(status).toBe(row.status)
  expect(headers).toEqual({
    'X-Correlation-ID': context.correlationId,
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    Pragma: 'no-cache',
  })
})

test('a credential that is a client in one place and a token in another has the word of its place', () => {
  const error = new ApiError(ERRORS.invalidCredentials, { oauth: 'invalid_client' })
  expect(JSON.parse(formatErrorResponse(error, '/oauth2/token', context).body).error).toBe('invalid_client')
})

test.each([
  ['/v0/auth', 'detail'],
  ['/v0/nothing', 'detail'],
  ['/v0', 'detail'],
  ['/v1/auth', 'error_id'],
  ['/oauth2/nothing', 'error'],
  ['/oauth2', 'error_id'],
  ['/v0x', 'error_id'],
  ['/', 'error_id'],
  [undefined, 'error_id'],
])('below %s the body begins with %s', (path, first) => {
  const { body } = formatErrorResponse(new ApiError(ERRORS.notFound), path, context)
  expect(Object.keys(JSON.parse(body))[0]).toBe(first)
})

test('what is wrong with which field stands in the message, and in extra where there is one', () => {
  const error = new ApiError(ERRORS.fieldInvalid, { problems: { key_id: 'must be a string' } })
  const v0 = JSON.parse(formatErrorResponse(error, '/v0/auth', context).body)
  expect(v0.extra).toEqual({ key_id: 'must be a string' })
  expect(v0.detail).toBe(v0.message)
  const v1 = JSON.parse(formatErrorResponse(error, '/v1/auth', context).body)
  expect(v1.message).toBe(v0.message)
  expect(v1.message).toContain('`key_id` must be a string')
})

test("an error's own headers go out with it", () => {
  const error = new ApiError(ERRORS.methodNotAllowed, { headers: { Allow: 'POST' } })
  expect(formatErrorResponse(error, '/v0/auth', context).headers).toMatchObject({ Allow: 'POST' })
})

test('what was not thrown on purpose is ih1001 and says nothing of itself', () => {
  for (const thrown of [new Error('LEAK'), new TypeError('LEAK'), 'LEAK', null, { message: 'LEAK' }]) {
    const error = toApiError(thrown)
    expect(error.row).toBe(ERRORS.internal)
    expect(JSON.stringify(formatErrorResponse(error, '/v0/auth', context))).not.toContain('LEAK')
  }
})

test('a store that does not answer is ih1003 and says when to come again', () => {
  const error = toApiError(new StoreUnavailableError('LEAK'))
  expect(error).toMatchObject({
    row: ERRORS.unavailable,
    headers: { 'Retry-After': expect.stringMatching(/^\d+$/) },
  })
})

test('an error of the catalogue stays what it is', () => {
  const error = new ApiError(ERRORS.notFound)
  expect(toApiError(error)).toBe(error)
})
