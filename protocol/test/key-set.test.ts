import { type PublicJwk, parseKeySet } from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const ec: PublicJwk = { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: 'a', x: 'AA', y: 'AA' }
const ed: PublicJwk = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: 'b', x: 'AA' }

describe('parseKeySet', () => {
  it('keeps the keys of the contract, in their order', () => {
    expect(parseKeySet({ keys: [ec, ed] })).toEqual({ keys: [ec, ed] })
    expect(parseKeySet({ keys: [] })).toEqual({ keys: [] })
  })

  it('drops members beyond the public ones, so that a private one is never handed on', () => {
    const set = parseKeySet({
      keys: [
        { ...ec, d: 'LEAK', x5u: 'x' },
        { ...ed, d: 'LEAK' },
      ],
      more: 'LEAK',
    })
    expect(set).toEqual({ keys: [ec, ed] })
    expect(JSON.stringify(set)).not.toContain('LEAK')
  })

  it.each([
    ['a shared key', { kty: 'oct', kid: 'c', use: 'sig', alg: 'HS256', k: 'LEAK' }],
    ['an RSA key', { kty: 'RSA', kid: 'c', use: 'sig', alg: 'RS256', n: 'AA', e: 'AQAB' }],
    ['another curve', { ...ec, crv: 'P-384' }],
    ['another algorithm for the curve', { ...ec, alg: 'ES384' }],
    ['the algorithm of another type', { ...ec, alg: 'EdDSA' }],
    ['no algorithm', { ...ec, alg: undefined }],
    ['a key for encryption', { ...ec, use: 'enc' }],
    ['no use', { ...ec, use: undefined }],
    ['no kid', { ...ec, kid: undefined }],
    ['a kid that is a number', { ...ec, kid: 1 }],
    ['half a point', { ...ec, y: undefined }],
    ['an x that is a list', { ...ed, x: ['AA'] }],
    ['null', null],
    ['a text', 'x'],
    ['a list', [ec]],
  ])('skips %s and keeps the rest', (_what, key) => {
    expect(parseKeySet({ keys: [key, ed] })).toEqual({ keys: [ed] })
  })

  it.each([
    [undefined],
    [null],
    ['x'],
    [1],
    [[]],
    [[ec]],
    [{}],
    [{ keys: null }],
    [{ keys: {} }],
    [{ keys: 'x' }],
  ])('throws a TypeError for %j', (value) => {
    expect(() => parseKeySet(value)).toThrow(new TypeError('not a key set: no list of keys'))
  })

  it('gives only public members, for any list', () => {
    const members = new Set(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    const near = fc.record(
      { kty: fc.constantFrom('EC', 'OKP'), crv: fc.constantFrom('P-256', 'Ed25519'), d: fc.string() },
      { requiredKeys: [] },
    )
    const keys = fc.array(
      fc.oneof(
        fc.anything(),
        near.map((changes) => ({ ...ec, ...changes })),
      ),
    )
    fc.assert(
      fc.property(keys, (list) => {
        for (const key of parseKeySet({ keys: list }).keys)
          for (const member of Object.keys(key)) expect(members).toContain(member)
      }),
    )
  })
})
