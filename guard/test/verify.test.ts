import { createPublicKey, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { sharedKeys } from '../src/shared-keys.ts'
import { createVerifier, type RefusalReason, type VerifierOptions } from '../src/verify.ts'
import {
  claims,
  compact,
  edDsa,
  encode,
  es256,
  hs256,
  ISSUER,
  NOW,
  type SigningFixture,
  sourceOf,
} from './support/signing.ts'

const key = es256()
const SKEW = 10

function verifier(changes: Partial<VerifierOptions> = {}) {
  const options = { issuer: ISSUER, keys: sourceOf(key), clockSkewSeconds: SKEW, now: () => NOW * 1000 }
  return createVerifier({ ...options, ...changes })
}

async function expectRefused(token: string, reason: RefusalReason, verify = verifier()): Promise<void> {
  expect(await verify(token)).toEqual({ refusal: { error: 'invalidCredentials', reason } })
}

describe('createVerifier', () => {
  it.each([
    ['ES256', key],
    ['EdDSA', edDsa()],
    ['HS256', hs256()],
  ] as const)('accepts an access token that jose made with %s', async (alg, fixture: SigningFixture) => {
    const token = await new SignJWT(claims())
      .setProtectedHeader({ alg, typ: 'at+jwt', kid: fixture.kid })
      .sign(fixture.privateKey as KeyObject)
    const verify = verifier({ keys: sourceOf(fixture) })
    expect(await verify(token)).toEqual({ claims: claims() })
  })

  it('gives the claims of the contract and no others', async () => {
    const verification = await verifier()(compact(key, claims({ admin: true })))
    expect(verification).toEqual({ claims: claims() })
  })

  it('takes the issuer for the audience unless told', async () => {
    const token = compact(key, claims({ aud: 'https://video.example.com' }))
    await expectRefused(token, 'claims_audience')
    const verify = verifier({ audience: 'https://video.example.com' })
    expect(await verify(token)).toHaveProperty('claims')
  })

  it('refuses a clock skew of more than 60 s, and an empty issuer or audience, when it is made', () => {
    for (const clockSkewSeconds of [60.001, 61, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => verifier({ clockSkewSeconds })).toThrow(TypeError)
    expect(() => verifier({ clockSkewSeconds: 60 })).not.toThrow()
    expect(() => verifier({ clockSkewSeconds: 0 })).not.toThrow()
    expect(() => verifier({ issuer: '' })).toThrow(TypeError)
    expect(() => verifier({ audience: '' })).toThrow(TypeError)
  })

  it('says that it cannot tell when the keys cannot be had', async () => {
    const keys = { find: async () => ({ missing: 'unavailable', detail: 'why' }) as const }
    const refusal = { error: 'unavailable', reason: 'key_unavailable', detail: 'why' }
    expect(await verifier({ keys })(compact(key))).toEqual({ refusal })
  })

  it('puts nothing of a token into a refusal', async () => {
    const token = compact(key, claims({ iss: 'LEAK' }), { 'x-LEAK': 'LEAK' })
    const said = inspect(await verifier()(token), { depth: 8, showHidden: true })
    expect(said).not.toContain('LEAK')
    for (const part of token.split('.')) expect(said).not.toContain(part)
  })
})

describe('attacks on the signature', () => {
  it('attack 1: a token without a signature is refused, however its algorithm is spelt', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE', ''])
      for (const signature of ['', 'AA'])
        await expectRefused(
          `${encode({ alg, typ: 'at+jwt', kid: key.kid })}.${encode(claims())}.${signature}`,
          'algorithm',
        )
    await expectRefused(`${compact(key).split('.').slice(0, 2).join('.')}.`, 'signature')
  })

  it('attack 2: no form of the public key serves as a shared key', async () => {
    const publicKey = createPublicKey({ key: { ...key.jwk }, format: 'jwk' })
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const forms = [pem, pem.trim(), ` ${pem}`, `\n${pem}`, pem.replaceAll('\n', '\r\n')]
    forms.push(JSON.stringify(key.jwk), key.jwk?.x ?? '')
    const bytes = forms.map((form) => Buffer.from(form))
    bytes.push(publicKey.export({ format: 'der', type: 'spki' }), Buffer.from(key.jwk?.x ?? '', 'base64url'))
    for (const secret of bytes) await expectRefused(compact(hs256(key.kid, secret)), 'algorithm')
  })

  it('attack 2: the key decides the algorithm, in every pairing', async () => {
    const fixtures = [es256('k'), edDsa('k'), hs256('k')]
    for (const held of fixtures)
      for (const used of fixtures)
        if (held !== used) await expectRefused(compact(used), 'algorithm', verifier({ keys: sourceOf(held) }))
  })

  it('refuses the right algorithm under the right kid by another key', async () => {
    for (const make of [es256, edDsa, hs256])
      await expectRefused(compact(make('k')), 'signature', verifier({ keys: sourceOf(make('k')) }))
  })

  it.each([
    ['another path', '../../etc/passwd'],
    ['a null device', '/dev/null'],
    ['an address', 'http://127.0.0.1:1/keys'],
    ['SQL', "x' UNION SELECT 'key"],
    ['nothing', ''],
    ['a very long one', 'k'.repeat(2000)],
    ['control characters', 'es-1\u0000\r\n'],
    ['another case', 'ES-1'],
    ['a prototype name', '__proto__'],
    ['another prototype name', 'constructor'],
  ])('attack 3: a kid is a name in a table: %s', async (_what, kid) => {
    await expectRefused(compact(key, claims(), { kid }), 'key_unknown')
    await expectRefused(
      compact(key, claims(), { kid }),
      'key_unknown',
      verifier({ keys: sharedKeys([{ kid: 'hs-1', secret: new Uint8Array(32) }]) }),
    )
  })

  it('attack 4: a key or an address in the header is never used', async () => {
    let requests = 0
    const canary = createServer((_request, response) => {
      requests += 1
      response.end('{}')
    })
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/`
    const other = es256(key.kid)
    const header = { jku: address, x5u: address, jwk: other.jwk, x5c: ['MIIB'] }
    await expectRefused(compact(other, claims(), header), 'signature')
    expect(await verifier()(compact(key, claims(), header))).toHaveProperty('claims')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(requests).toBe(0)
    await new Promise((resolve) => canary.close(resolve))
  })

  it('attack 5: crit and b64 are refused even under a good signature', async () => {
    await expectRefused(compact(key, claims(), { crit: ['exp'] }), 'critical_header')
    await expectRefused(compact(key, claims(), { b64: false, crit: ['b64'] }), 'critical_header')
    await expectRefused(compact(key, claims(), { b64: true }), 'critical_header')
  })

  it('attack 6: an encrypted token is refused before any key is looked up', async () => {
    let lookups = 0
    const keys = {
      async find() {
        lookups += 1
        return { missing: 'unknown' } as const
      },
    }
    const header = encode({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 2 ** 31, zip: 'DEF', kid: 'k' })
    await expectRefused(`${header}.AA.AA.AA.AA`, 'malformed', verifier({ keys }))
    await expectRefused(`${header}.AA.AA`, 'algorithm', verifier({ keys }))
    await expectRefused(`${'A'.repeat(5000)}.AA.AA`, 'too_long', verifier({ keys }))
    expect(lookups).toBe(0)
  })

  it('attack 6: a token within a token is refused', async () => {
    await expectRefused(compact(key, compact(key), { cty: 'JWT' }), 'claims_malformed')
  })

  it.each([
    ['JWT'],
    ['jwt'],
    ['ct+jwt'],
    ['AT+JWT'],
    ['at+JWT'],
    ['application/at+jwt'],
    ['at+jwt '],
    ['logout+jwt'],
    [''],
    [null],
    [undefined],
    [['at+jwt']],
  ])('attack 7: exactly one typ is an access token, and %j is not it', async (typ) => {
    await expectRefused(compact(key, claims(), { typ }), 'type')
  })

  it('attack 11: an ES256 signature of another length, of zeros or in DER is refused', async () => {
    const [header, payload, signature = ''] = compact(key).split('.')
    const raw = Buffer.from(signature, 'base64url')
    const half = raw.subarray(0, 32)
    const der = Buffer.concat([
      Buffer.from([0x30, 0x44, 2, 32]),
      half,
      Buffer.from([2, 32]),
      raw.subarray(32),
    ])
    const forged = [
      Buffer.alloc(0),
      Buffer.alloc(64),
      Buffer.concat([half, Buffer.alloc(32)]),
      Buffer.concat([Buffer.alloc(32), half]),
      Buffer.alloc(64, 0xff),
      half,
      raw.subarray(0, 63),
      Buffer.concat([raw, Buffer.alloc(1)]),
      der,
    ]
    for (const bytes of forged)
      await expectRefused(`${header}.${payload}.${bytes.toString('base64url')}`, 'signature')
  })

  it("attack 11: an ES256 signature's twin is the same token by its jti, which is what revocation goes by", async () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const [header, payload, signature = ''] = compact(key).split('.')
    const raw = Buffer.from(signature, 'base64url')
    const s = BigInt(`0x${raw.subarray(32).toString('hex')}`)
    const twin = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')
    const token = `${header}.${payload}.${Buffer.concat([raw.subarray(0, 32), twin]).toString('base64url')}`
    expect(await verifier()(token)).toHaveProperty('claims.jti', claims().jti)
  })
})

describe('attacks on the claims', () => {
  it.each([
    ['another one', 'https://stream.example.com'],
    ['another case', 'https://AUTH.example.com'],
    ['a trailing slash', `${ISSUER}/`],
    ['a list with the right one', [ISSUER]],
    ['a prefix', ISSUER.slice(0, -1)],
  ])('attack 8: the audience is compared letter for letter: %s', async (_what, aud) => {
    const reason = typeof aud === 'string' ? 'claims_audience' : 'claims_malformed'
    await expectRefused(compact(key, claims({ aud })), reason)
  })

  it.each([
    ['another environment', 'https://auth.staging.example.com'],
    ['a trailing slash', `${ISSUER}/`],
    ['plain http', 'http://auth.example.com'],
    ['a look-alike letter', 'https://\u0430uth.example.com'],
    ['another case', 'https://Auth.example.com'],
  ])('attack 9: the issuer is compared letter for letter: %s', async (_what, iss) => {
    await expectRefused(compact(key, claims({ iss })), 'claims_issuer')
  })

  it('attack 9: two issuers with one kid each have their own key', async () => {
    const [one, other] = [es256('k'), es256('k')]
    await expectRefused(compact(other), 'signature', verifier({ keys: sourceOf(one) }))
  })

  it.each([['exp'], ['iat'], ['gen']])(
    'attack 10: %s must be a whole number of a sane size',
    async (name) => {
      for (const value of [undefined, null, '1800000900', 1.5, -1, 1e308, true, [], {}])
        await expectRefused(compact(key, claims({ [name]: value })), 'claims_malformed')
      const infinite = JSON.stringify(claims()).replace(`"${name}":${claims()[name]}`, `"${name}":1e400`)
      await expectRefused(compact(key, infinite), 'claims_malformed')
    },
  )

  it('attack 10: a token may not live longer than an access token does', async () => {
    await expectRefused(compact(key, claims({ exp: NOW + 901 })), 'claims_lifetime')
    await expectRefused(compact(key, claims({ exp: NOW })), 'claims_lifetime')
    await expectRefused(compact(key, claims({ exp: NOW - 1 })), 'claims_lifetime')
  })

  const at = (seconds: number) => verifier({ now: () => seconds * 1000 })
  const lives = claims().exp

  it('attack 10: it expires at exp and the skew, to the second', async () => {
    expect(await at(lives + SKEW - 1)(compact(key))).toHaveProperty('claims')
    expect(await at(lives + SKEW - 0.001)(compact(key))).toHaveProperty('claims')
    await expectRefused(compact(key), 'claims_expired', at(lives + SKEW))
    await expectRefused(compact(key), 'claims_expired', at(lives + SKEW + 1))
  })

  it('attack 10: within the skew a token from the future is good, to the second', async () => {
    expect(await at(NOW - SKEW)(compact(key))).toHaveProperty('claims')
    await expectRefused(compact(key), 'claims_not_yet_valid', at(NOW - SKEW - 1))
  })

  it('attack 10: nbf is honoured where there is one, to the second', async () => {
    expect(await verifier()(compact(key, claims({ nbf: NOW + SKEW })))).toHaveProperty('claims')
    await expectRefused(compact(key, claims({ nbf: NOW + SKEW + 1 })), 'claims_not_yet_valid')
    for (const nbf of ['1800000000', null, 1.5, -1, 1e308])
      await expectRefused(compact(key, claims({ nbf })), 'claims_malformed')
  })

  it('refuses a token without one of its claims', async () => {
    for (const name of ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id', 'scope', 'gen'])
      await expectRefused(compact(key, claims({ [name]: undefined })), 'claims_malformed')
  })

  it('refuses a payload that is no JSON object', async () => {
    for (const payload of ['', 'null', '[]', '"x"', '{', '1'])
      await expectRefused(compact(key, payload), 'claims_malformed')
  })

  it('refuses a token whose client is not its subject', async () => {
    await expectRefused(compact(key, claims({ client_id: 'ihk_another' })), 'claims_malformed')
  })
})
