import { ERRORS, SCOPES, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ApiError } from '../src/api-error.ts'
import { parseClientTokenRequest } from '../src/client-token-request.ts'
import { parseClientTokenRevocation } from '../src/client-token-revocation-request.ts'

const parts = { key_id: 'ihk_LEAK', key_secret: 'ih_live_LEAK' }
const ORIGIN = 'https://app.example.com'

test('a request that asks for nothing gets the defaults of the contract', () => {
  expect(parseClientTokenRequest(parts)).toEqual({
    credential: { keyId: 'ihk_LEAK', keySecret: 'ih_live_LEAK' },
    scopes: [STREAM_SCOPE],
    expiresInSeconds: 300,
    caps: { maxConcurrent: 1 },
  })
})

test('a request is read as it was sent, and what is repeated counts once', () => {
  const asked = {
    api_key: 'ih_live_LEAK',
    scopes: [UPLOAD_SCOPE, STREAM_SCOPE, UPLOAD_SCOPE],
    expires_in: -7.5,
    max_duration_seconds: 1,
    max_bytes: 2,
    max_concurrent: 3,
    max_video_seconds: Number.MAX_SAFE_INTEGER,
    allowed_origins: [ORIGIN, 'http://localhost:5173', ORIGIN],
    unknown: 'LEAK',
  }
  expect(parseClientTokenRequest(asked)).toEqual({
    credential: { keyId: undefined, keySecret: 'ih_live_LEAK' },
    scopes: [UPLOAD_SCOPE, STREAM_SCOPE],
    expiresInSeconds: -7.5,
    caps: {
      maxDurationSeconds: 1,
      maxBytes: 2,
      maxConcurrent: 3,
      maxVideoSeconds: Number.MAX_SAFE_INTEGER,
      allowedOrigins: [ORIGIN, 'http://localhost:5173'],
    },
  })
})

test('a revocation names a token by itself or by its id', () => {
  const payload = Buffer.from('{"jti":"token-1"}').toString('base64url')
  const credential = { keyId: undefined, keySecret: 'ih_live_LEAK' }
  const api_key = 'ih_live_LEAK'
  expect(parseClientTokenRevocation({ api_key, token: `e30.${payload}.x` })).toEqual({
    credential,
    tokenId: 'token-1',
  })
  expect(parseClientTokenRevocation({ api_key, token_id: 'token-1' })).toEqual({
    credential,
    tokenId: 'token-1',
  })
  expect(parseClientTokenRevocation({ api_key, token: 'LEAK' })).toEqual({ credential, tokenId: undefined })
})

test('no refusal holds what was sent', () => {
  for (const body of ['LEAK', ['LEAK'], { api_key: 'LEAK', key_id: 'LEAK' }, { ...parts, scopes: ['LEAK'] }])
    for (const parse of [parseClientTokenRequest, parseClientTokenRevocation])
      try {
        parse(body)
      } catch (error) {
        expect(`${String(error)}${JSON.stringify(error)}`).not.toContain('LEAK')
      }
})

test('whatever the JSON, it is read within the bounds or refused with an error of the contract', () => {
  const field = fc.option(fc.jsonValue(), { nil: undefined })
  const near = fc.record(
    {
      api_key: fc.oneof(fc.string(), field),
      key_id: field,
      key_secret: field,
      scopes: fc.oneof(field, fc.subarray([...SCOPES])),
      expires_in: fc.oneof(field, fc.double()),
      max_bytes: fc.oneof(field, fc.integer()),
      max_concurrent: fc.oneof(field, fc.integer()),
      allowed_origins: fc.oneof(
        field,
        fc.array(
          fc.oneof(fc.string(), fc.constantFrom(ORIGIN, 'http://localhost:5173', 'https://*', 'null')),
        ),
      ),
      token: field,
      token_id: field,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), near), (value) => {
      const body = JSON.parse(JSON.stringify(value)) as unknown
      try {
        const { scopes, caps } = parseClientTokenRequest(body)
        expect(scopes.length).toBeGreaterThan(0)
        expect(scopes.every((scope) => SCOPES.includes(scope))).toBe(true)
        expect(caps.maxConcurrent).toBeGreaterThan(0)
        for (const origin of caps.allowedOrigins ?? []) expect(new URL(origin).origin).toBe(origin)
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError)
        expect([400, 422]).toContain((error as ApiError).row.status)
      }
      try {
        parseClientTokenRevocation(body)
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError)
      }
    }),
    { numRuns: 400 },
  )
})

test('half a key beside a whole one is refused: it could not be told which one counts', () => {
  for (const body of [
    { api_key: 'LEAK', key_id: 'LEAK' },
    { api_key: 'LEAK', key_secret: 'LEAK' },
    { api_key: 'LEAK', ...parts },
  ])
    expect(() => parseClientTokenRequest(body)).toThrow(expect.objectContaining({ row: ERRORS.fieldInvalid }))
})
