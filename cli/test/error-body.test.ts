import { ERRORS, type ErrorRow, formatErrorBody } from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findErrorRow, guessErrorRow, readErrorBody } from '../src/error-body.ts'

const rows: readonly ErrorRow[] = Object.values(ERRORS)
const context = { correlationId: 'c-1', errorPage: 'https://a.example/errors' }

describe('an error body says which error it is', () => {
  test.each(rows.map((row) => [row.id, row] as const))('%s in every form', (id, row) => {
    for (const version of ['v0', 'v1'] as const) {
      const reading = readErrorBody(JSON.stringify(formatErrorBody(row, version, context)))
      expect(reading).toMatchObject({ errorId: id, correlationId: 'c-1', message: row.message })
    }
    const stream = { type: 'error', timestamp: 't', correlation_id: 'c-1', data: { code: id, message: 'm' } }
    expect(readErrorBody(JSON.stringify(stream))).toMatchObject({ errorId: id, message: 'm' })
    const olderStream = { status: 'error', segment: 1, correlation_id: 'c-1', error_id: id, message: 'm' }
    expect(readErrorBody(JSON.stringify(olderStream))).toMatchObject({ errorId: id, status: undefined })
    expect(findErrorRow(id)).toBe(row)
  })

  test.each([
    [401, 'ih2001'],
    [403, 'ih2003'],
    [422, 'ia9008'],
    [500, 'ih1001'],
  ])('status %i without an id most likely means %s', (status, id) => {
    const reading = readErrorBody(JSON.stringify({ detail: 'd', status_code: status, extra: {} }))
    expect(guessErrorRow(reading?.status)?.id).toBe(id)
  })

  test('status 400 without an id means nothing certain', () => {
    expect(guessErrorRow(400)).toBeUndefined()
  })
})

test('what is no error body is said to be none, whatever it is', () => {
  for (const text of ['', 'LEAK', '[]', 'null', '1', '{}', '{"access_token":"t","expires_in":900}'])
    expect(readErrorBody(text)).toBeUndefined()
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      readErrorBody(JSON.stringify(value))
    }),
  )
})
