import { createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sharedKeys } from '../src/shared-keys.ts'
import { claims, clientToken, compact, edDsa, encode, es256, hs256, sourceOf } from './support/signing.ts'
import { startServer } from './support/start-server.ts'
import { expectRefused, key, verifier } from './support/verifying.ts'

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
    const canary = await startServer((_request, response) => {
      requests += 1
      response.end('{}')
    })
    const address = `${canary.url}/`
    const other = es256(key.kid)
    const header = { jku: address, x5u: address, jwk: other.jwk, x5c: ['MIIB'] }
    await expectRefused(compact(other, claims(), header), 'signature')
    expect(await verifier()(compact(key, claims(), header))).toHaveProperty('claims')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(requests).toBe(0)
    await canary.stop()
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
    ['CT+JWT'],
    ['application/ct+jwt'],
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

  it('attack 7: neither kind of token passes for the other by its typ alone', async () => {
    const invalid = { refusal: { error: 'clientTokenInvalid', reason: 'claims_malformed' } }
    expect(await verifier()(compact(key, claims(), { typ: 'ct+jwt' }))).toEqual(invalid)
    const [, payload] = clientToken(key).token.split('.')
    const relabelled = compact(key, Buffer.from(payload ?? '', 'base64url').toString())
    await expectRefused(relabelled, 'claims_lifetime')
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
