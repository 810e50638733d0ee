import {
  API_VERSIONS,
  CLIENT_TOKEN_REVOCATION_PATH,
  CLIENT_TOKENS_PATH,
  DEFAULT_API_URL,
  ERROR_PAGE_PATH,
  errorDialect,
  findProtectedResource,
  isApiVersion,
  KEY_SET_PATH,
  LIVE_PATH,
  OAUTH_REVOCATION_PATH,
  OAUTH_TOKEN_PATH,
  OPENAPI_PATH,
  PROTECTED_RESOURCES,
  READY_PATH,
  SERVER_METADATA_PATH,
  STREAM_SCOPE,
  TOKEN_ENDPOINTS,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

describe('the addresses', () => {
  it('are those of the specification and the contract', () => {
    expect(DEFAULT_API_URL).toBe('https://api.interhuman.ai')
    expect(TOKEN_ENDPOINTS).toEqual({ v0: '/v0/auth', v1: '/v1/auth' })
    expect([CLIENT_TOKENS_PATH, CLIENT_TOKEN_REVOCATION_PATH]).toEqual([
      '/v1/client_tokens',
      '/v1/client_tokens/revoke',
    ])
    expect(KEY_SET_PATH).toBe('/.well-known/jwks.json')
    expect([OAUTH_TOKEN_PATH, OAUTH_REVOCATION_PATH]).toEqual(['/oauth2/token', '/oauth2/revoke'])
    expect(SERVER_METADATA_PATH).toBe('/.well-known/oauth-authorization-server')
    expect([LIVE_PATH, READY_PATH, OPENAPI_PATH, ERROR_PAGE_PATH]).toEqual([
      '/health/live',
      '/health/ready',
      '/openapi.json',
      '/errors',
    ])
  })

  it('know each API version that has an exchange, and no other', () => {
    expect(Object.keys(TOKEN_ENDPOINTS)).toEqual([...API_VERSIONS])
    expect(API_VERSIONS.every(isApiVersion)).toBe(true)
    for (const value of ['v2', 'V0', 'v0 ', '', undefined, null, 0, ['v0'], '__proto__'])
      expect(isApiVersion(value)).toBe(false)
  })
})

describe('findProtectedResource', () => {
  it.each([
    ['/v0/upload/analyze', UPLOAD_SCOPE, false],
    ['/v1/upload/analyze', UPLOAD_SCOPE, false],
    ['/v2/upload/analyze', UPLOAD_SCOPE, false],
    ['/v2/upload/jobs/7', UPLOAD_SCOPE, false],
    ['/v2/upload/jobs/7/result', UPLOAD_SCOPE, false],
    ['/v0/stream/analyze', STREAM_SCOPE, true],
    ['/v1/stream/analyze', STREAM_SCOPE, true],
    ['/v2/stream/analyze', STREAM_SCOPE, true],
  ])('%s needs %s', (path, scope, webSocket) => {
    expect(findProtectedResource(path)).toMatchObject({ scope, webSocket })
  })

  it.each([
    '',
    '/',
    '/v0/upload',
    '/v0/upload/analyze/',
    '/v0/upload/analyze?x',
    '/V0/upload/analyze',
    '/v3/upload/analyze',
    '//v0/upload/analyze',
    '/x/v0/upload/analyze',
    '/v2/upload/jobs',
    '/v2/upload/jobs/',
    '/v1/upload/jobs/7',
    '/v2/upload/jobs//7',
    '/v2/upload/jobs/7/',
    '/v2/upload/jobs/.',
    '/v2/upload/jobs/../../v0/auth',
    '/v2/upload/jobs/7/..',
    '/v2/upload/jobs/%2e%2e/analyze',
    '/v2/upload/jobs/..%2fanalyze',
    '/v2/upload/jobs/..\\analyze',
    '/v2/upload/jobs/7;x',
    '/v2/upload/jobs/7?x',
    '/v2/upload/jobs/7#x',
    '/v2/upload/jobs/7\n',
    '/v0/auth',
    '/v0/real-time/analyze',
  ])('%j is not in the table', (path) => {
    expect(findProtectedResource(path)).toBeUndefined()
  })

  it('finds nothing for a path that does not begin like one of the table', () => {
    fc.assert(
      fc.property(fc.string(), (path) => {
        const found = findProtectedResource(path)
        if (found !== undefined) expect(path.startsWith(found.path.replace(/\*$/, ''))).toBe(true)
      }),
    )
  })

  it('has each path once', () => {
    const paths = PROTECTED_RESOURCES.map(({ path }) => path)
    expect(new Set(paths).size).toBe(paths.length)
  })
})

describe('errorDialect', () => {
  it.each(['/v0', '/v0/', '/v0/auth', '/v0/upload/analyze', '/v0/nothing'])('%s speaks v0', (path) => {
    expect(errorDialect(path)).toBe('v0')
  })

  it.each([
    '',
    '/',
    '/v1',
    '/v1/auth',
    '/v2/x',
    '/v00',
    '/V0/auth',
    '//v0/auth',
    '/x/v0/',
    'v0/',
    '/health/live',
  ])('%j speaks v1', (path) => {
    expect(errorDialect(path)).toBe('v1')
  })
})
