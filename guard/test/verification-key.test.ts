import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  MIN_SHARED_KEY_BYTES,
  publicVerificationKey,
  sharedVerificationKey,
} from '../src/verification-key.ts'

const decode = (text: string) => Buffer.from(text, 'base64url')
const payload =
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'

describe('known answers', () => {
  it('RFC 7515 appendix A.1: HS256', () => {
    const secret = decode(
      'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
    )
    const key = sharedVerificationKey(secret)
    const signed = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${payload}`
    const signature = decode('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')
    expect(key.algorithm).toBe('HS256')
    expect(key.matches(signed, signature)).toBe(true)
    expect(key.matches(`${signed}x`, signature)).toBe(false)
    expect(key.matches(signed, signature.subarray(0, 31))).toBe(false)
  })

  it('RFC 7515 appendix A.3: ES256', () => {
    const key = publicVerificationKey({
      kty: 'EC',
      crv: 'P-256',
      alg: 'ES256',
      use: 'sig',
      kid: 'a3',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    })
    const signed = `eyJhbGciOiJFUzI1NiJ9.${payload}`
    const signature = decode(
      'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
    )
    expect(key.algorithm).toBe('ES256')
    expect(key.matches(signed, signature)).toBe(true)
    expect(key.matches(`${signed}x`, signature)).toBe(false)
  })

  it('RFC 8037 appendix A.4: EdDSA', () => {
    const key = publicVerificationKey({
      kty: 'OKP',
      crv: 'Ed25519',
      alg: 'EdDSA',
      use: 'sig',
      kid: 'a4',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    })
    const signed = 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc'
    const signature = decode(
      'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    )
    expect(key.algorithm).toBe('EdDSA')
    expect(key.matches(signed, signature)).toBe(true)
    expect(key.matches(`${signed}x`, signature)).toBe(false)
  })
})

describe('publicVerificationKey', () => {
  const jwk = { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: 'k' } as const

  it('throws for a point that is not on the curve', () => {
    const one = `${'A'.repeat(42)}E`
    expect(() => publicVerificationKey({ ...jwk, x: one, y: one })).toThrow()
  })

  it('throws for an Ed25519 key of the wrong length', () => {
    const short = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: 'k', x: 'AAAA' } as const
    expect(() => publicVerificationKey(short)).toThrow()
  })
})

describe('sharedVerificationKey', () => {
  it(`refuses fewer than ${MIN_SHARED_KEY_BYTES} bytes`, () => {
    expect(() => sharedVerificationKey(new Uint8Array(MIN_SHARED_KEY_BYTES - 1))).toThrow(TypeError)
    expect(() => sharedVerificationKey(new Uint8Array(MIN_SHARED_KEY_BYTES))).not.toThrow()
  })

  it('does not show the key, and keeps its own copy', () => {
    const secret = Buffer.from('LEAK'.repeat(8))
    const signature = createHmac('sha256', secret).update('a.b').digest()
    const key = sharedVerificationKey(secret)
    secret.fill(0)
    expect(key.matches('a.b', signature)).toBe(true)
    expect(inspect(key, { depth: 8, showHidden: true })).not.toContain('LEAK')
  })
})
