import {
  formatTokenRequest,
  formatTokenResponse,
  STREAM_SCOPE,
  TOKEN_TYPE,
  type TokenResponse,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import { describe, expect, expectTypeOf, it } from 'vitest'

describe('formatTokenRequest', () => {
  it('writes the body of the specification, scopes in the caller’s order and as often as given', () => {
    const scopes = [STREAM_SCOPE, UPLOAD_SCOPE, STREAM_SCOPE]
    expect(JSON.stringify(formatTokenRequest({ keyId: 'id', keySecret: 'LEAK', scopes }))).toBe(
      JSON.stringify({ key_id: 'id', key_secret: 'LEAK', scopes }),
    )
  })
})

describe('formatTokenResponse', () => {
  it('writes the body of the specification, fields in its order', () => {
    expect(JSON.stringify(formatTokenResponse('token', [UPLOAD_SCOPE, STREAM_SCOPE]))).toBe(
      '{"access_token":"token","token_type":"Bearer","expires_in":900,"scope":"interhumanai.upload interhumanai.stream"}',
    )
  })

  it('has the one token type there is', () => {
    expect(TOKEN_TYPE).toBe('Bearer')
    expectTypeOf<TokenResponse['token_type']>().toEqualTypeOf<'Bearer'>()
  })
})
