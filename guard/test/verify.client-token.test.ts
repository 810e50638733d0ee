import type { ClientTokenCaps } from '@interhuman-auth/protocol'
import { describe, expect, it } from 'vitest'
import { createVerifier, type Refusal } from '../src/verify.ts'
import { clientToken, compact, es256, ISSUER, NOW, sourceOf } from './support/signing.ts'
import { key, SKEW, verifier } from './support/verifying.ts'

const ORIGIN = 'https://app.example.com'
const ofApp: ClientTokenCaps = { maxConcurrent: 1, allowedOrigins: [ORIGIN] }
const at = (seconds: number) => verifier({ now: () => seconds * 1000 })
const refusal = (error: Refusal['error'], reason: Refusal['reason']) => ({ refusal: { error, reason } })

describe('a client token', () => {
  it.each([
    ['unless told to take it', {}],
    ['by anything but true', { acceptClientTokens: 'false' as unknown as boolean }],
  ])('is refused %s, before a key is looked up: nobody counts what its caps allow', async (_, told) => {
    const lookedUp: string[] = []
    const keys = {
      find(kid: string) {
        lookedUp.push(kid)
        return sourceOf(key).find(kid)
      },
    }
    const verify = createVerifier({ issuer: ISSUER, keys, now: () => NOW * 1000, ...told })
    expect(await verify(clientToken(key).token)).toEqual(
      refusal('clientTokenInvalid', 'client_token_not_accepted'),
    )
    expect(lookedUp).toEqual([])
    expect(await verify(compact(key))).toHaveProperty('claims')
  })

  it('is good, and its caps are handed on', async () => {
    const caps = { maxDurationSeconds: 1, maxBytes: 2, maxConcurrent: 3, maxVideoSeconds: 4 }
    const { token, claims } = clientToken(key, {}, caps)
    expect(await verifier()(token)).toEqual({ claims, caps })
  })

  it('lives to its exp and the skew, and is told apart from then on: expired', async () => {
    const { token } = clientToken(key)
    const last = NOW + 3600 + SKEW
    expect(await at(last - 1)(token)).toHaveProperty('caps')
    expect(await at(last)(token)).toEqual(refusal('clientTokenExpired', 'claims_expired'))
  })

  it('may live 3,600 s and no second longer, and an access token 900 s still', async () => {
    const { token } = clientToken(key, { exp: NOW + 3601 })
    expect(await verifier()(token)).toEqual(refusal('clientTokenInvalid', 'claims_lifetime'))
  })

  it('is invalid with another issuer, another key, a broken signature or a cap that cannot be read', async () => {
    const invalid = (reason: Refusal['reason']) => refusal('clientTokenInvalid', reason)
    const verify = verifier()
    expect(await verify(clientToken(key, { iss: 'https://other.example' }).token)).toEqual(
      invalid('claims_issuer'),
    )
    expect(await verify(clientToken(es256(key.kid)).token)).toEqual(invalid('signature'))
    expect(await verify(clientToken(es256('other')).token)).toEqual(invalid('key_unknown'))
    expect(await verify(clientToken(key, { max_bytes: '9' }).token)).toEqual(invalid('claims_malformed'))
    expect(await verifier({ keys: sourceOf(es256(key.kid)) })(clientToken(key).token)).toEqual(
      invalid('signature'),
    )
  })

  it('that is forged is never called expired: what its claims say is not believed', async () => {
    const { token } = clientToken(es256(key.kid), { iat: NOW - 2000, exp: NOW - 1000 })
    expect(await verifier()(token)).toEqual(refusal('clientTokenInvalid', 'signature'))
  })

  it('that names origins is refused where nobody says which one the request has', async () => {
    const { token, claims } = clientToken(key, {}, ofApp)
    const refused = refusal('clientTokenInvalid', 'origin_not_allowed')
    expect(await verifier()(token, ORIGIN)).toEqual({ claims, caps: ofApp })
    for (const origin of [undefined, null, '', 'null', `${ORIGIN}/`, 'https://evil.example'])
      expect(await verifier()(token, origin)).toEqual(refused)
  })

  it('that names none is good from anywhere', async () => {
    const { token } = clientToken(key)
    for (const origin of [undefined, null, 'null', 'https://evil.example'])
      expect(await verifier()(token, origin)).toHaveProperty('claims')
  })
})
