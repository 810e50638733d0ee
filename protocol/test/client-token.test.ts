import {
  DEFAULT_CLIENT_TOKEN_LIFETIME_SECONDS,
  DEFAULT_CLIENT_TOKEN_SCOPES,
  formatClientTokenRequest,
  formatClientTokenResponse,
  MAX_CLIENT_TOKEN_LIFETIME_SECONDS,
  MIN_CLIENT_TOKEN_LIFETIME_SECONDS,
  STREAM_SCOPE,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import { describe, expect, it } from 'vitest'

const caps = {
  maxDurationSeconds: 10,
  maxBytes: 20,
  maxConcurrent: 3,
  maxVideoSeconds: 40,
  allowedOrigins: ['https://app.example.com'],
}

describe('the numbers of the contract', () => {
  it('are 60 to 3600 s, 300 s unless told, and the stream scope', () => {
    expect([
      MIN_CLIENT_TOKEN_LIFETIME_SECONDS,
      DEFAULT_CLIENT_TOKEN_LIFETIME_SECONDS,
      MAX_CLIENT_TOKEN_LIFETIME_SECONDS,
    ]).toEqual([60, 300, 3600])
    expect(DEFAULT_CLIENT_TOKEN_SCOPES).toEqual([STREAM_SCOPE])
  })
})

describe('formatClientTokenRequest', () => {
  it('leaves to the service whatever is not asked for', () => {
    expect(formatClientTokenRequest({ keyId: 'id', keySecret: 'LEAK' })).toEqual({
      key_id: 'id',
      key_secret: 'LEAK',
    })
  })

  it('writes all that is asked for under its name on the wire', () => {
    const scopes = [UPLOAD_SCOPE, STREAM_SCOPE]
    const request = { keyId: 'id', keySecret: 'LEAK', scopes, expiresInSeconds: 900, caps }
    expect(JSON.stringify(formatClientTokenRequest(request))).toBe(
      '{"key_id":"id","key_secret":"LEAK","scopes":["interhumanai.upload","interhumanai.stream"],"expires_in":900,"max_duration_seconds":10,"max_bytes":20,"max_concurrent":3,"max_video_seconds":40,"allowed_origins":["https://app.example.com"]}',
    )
  })
})

describe('formatClientTokenResponse', () => {
  const issued = {
    token: 'token',
    tokenId: 'token-1',
    scopes: [UPLOAD_SCOPE, STREAM_SCOPE] as const,
    lifetimeSeconds: 60,
    expiresAt: 1_800_000_060,
  }
  const head =
    '{"access_token":"token","token_type":"Bearer","expires_in":60,"scope":"interhumanai.upload interhumanai.stream","token_id":"token-1","expires_at":1800000060'

  it('begins with the fields of the exchange, then says what the token is and which caps are in force', () => {
    expect(JSON.stringify(formatClientTokenResponse({ ...issued, caps }))).toBe(
      `${head},"max_duration_seconds":10,"max_bytes":20,"max_concurrent":3,"max_video_seconds":40,"allowed_origins":["https://app.example.com"]}`,
    )
  })

  it('does not name a cap that is not set', () => {
    expect(JSON.stringify(formatClientTokenResponse({ ...issued, caps: { maxConcurrent: 1 } }))).toBe(
      `${head},"max_concurrent":1}`,
    )
  })
})
