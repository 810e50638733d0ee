import { describe, expect, test } from 'vitest'
import { classifyFault, TransportError } from '../src/transport-error.ts'

describe('a fault of the platform', () => {
  test.each([
    ['ECONNREFUSED', 'network'],
    ['ENOTFOUND', 'network'],
    ['EPERM', 'network'],
    ['UND_ERR_SOCKET', 'network'],
    ['ETIMEDOUT', 'timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
    ['HPE_INVALID_CONSTANT', 'not_http'],
    ['UND_ERR_HEADERS_OVERFLOW', 'not_http'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['EPROTO', 'tls'],
  ])('%s counts as %s, on the error and on its cause', (systemCode, code) => {
    const bare = Object.assign(new Error('LEAK'), { code: systemCode })
    for (const fault of [bare, new TypeError('LEAK', { cause: bare })])
      expect(classifyFault(fault)).toMatchObject({ code, systemCode })
  })

  test.each([
    undefined,
    null,
    'LEAK',
    new TypeError('LEAK'),
    { code: 5 },
    // As a DOMException has.
    { code: 19 },
    { code: 'LEAK of bytes from the wire' },
    { cause: { cause: { cause: { cause: { cause: { code: 'CERT_HAS_EXPIRED' } } } } } },
  ])('that says nothing counts as network', (fault) => {
    const error = classifyFault(fault)
    expect(error).toMatchObject({ code: 'network', systemCode: undefined })
    expect(error.cause).toBeUndefined()
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain('LEAK')
  })

  test('that is circular is read to an end', () => {
    const fault: { cause?: unknown } = {}
    fault.cause = fault
    expect(classifyFault(fault).code).toBe('network')
  })
})

test('the message is the code, and only what can pass is worth another try', () => {
  const codes = ['timeout', 'network', 'not_http', 'redirect', 'tls', 'insecure_url'] as const
  const errors = codes.map((code) => new TransportError(code))
  expect(errors.map(({ message }) => message)).toEqual(codes.map((code) => `no answer: ${code}`))
  expect(errors.map(({ retryable }) => retryable)).toEqual([true, true, true, false, false, false])
})
