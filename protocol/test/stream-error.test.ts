import { describe, expect, test } from 'vitest'
import { ERRORS, formatErrorBody, INSUFFICIENT_SCOPE_ID, parseStreamError } from '../src/index.ts'

const correlationId = '00000000-0000-4000-8000-000000000001'
const context = { correlationId, errorPage: 'https://example.org/errors' }
const v0 = {
  status: 'error',
  segment: 3,
  correlation_id: correlationId,
  error_id: 'ih2003',
  link: '',
  message: '',
}
const v1 = {
  type: 'error',
  timestamp: 0,
  correlation_id: correlationId,
  data: { code: 'ih2003', message: '', link: '', segment: 3 },
}

describe('an error of a stream is read', () => {
  test.each([
    ['of v0', v0],
    ['of v1', v1],
    ['in the body of HTTP, v0', formatErrorBody(ERRORS.insufficientScope, 'v0', context)],
    ['in the body of HTTP, v1', formatErrorBody(ERRORS.insufficientScope, 'v1', context)],
  ])('%s', (_, message) => {
    expect(parseStreamError(JSON.stringify(message))).toEqual({
      errorId: INSUFFICIENT_SCOPE_ID,
      correlationId,
    })
  })

  test('without a correlation id that is a UUID it has none', () => {
    const message = JSON.stringify({ ...v0, correlation_id: 'LEAK' })
    expect(parseStreamError(message)).toEqual({ errorId: 'ih2003', correlationId: undefined })
  })
})

test.each([
  '',
  'null',
  '1',
  '"ih2003"',
  '[]',
  '{}',
  '{"type":"error"}',
  '{"type":"error","data":null}',
  '{"type":"result","data":{"code":"ih2003"}}',
  '{"error_id":2003}',
  '{"error_id":"LEAK"}',
  '{"__proto__":{"error_id":"ih2003"}}',
])('%j is none', (text) => {
  expect(parseStreamError(text)).toBeUndefined()
})
