import {
  BEARER_SUBPROTOCOL,
  formatChallenge,
  readBearer,
  readSubprotocolBearer,
} from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/'
/** Any `b64token` of RFC 6750 section 2.1. */
const tokens = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1 }),
    fc.string({ unit: fc.constant('='), maxLength: 3 }),
  )
  .map((parts) => parts.join(''))

const anyCodeUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code))

describe('readBearer', () => {
  it('reads any token of RFC 6750, whatever the case of the scheme and the number of spaces', () => {
    fc.assert(
      fc.property(
        tokens,
        fc.constantFrom('Bearer', 'bearer', 'BEARER', 'bEARer'),
        fc.integer({ min: 1, max: 5 }),
        (token, scheme, spaces) => {
          expect(readBearer(scheme + ' '.repeat(spaces) + token)).toEqual({ kind: 'token', token })
        },
      ),
    )
  })

  it.each([
    [null],
    [undefined],
    [''],
    ['Basic TEVBSw=='],
    ['Bearerx'],
    ['Token x'],
    [' Bearer x'],
    ['Bearer\tx'],
  ])('sees no bearer credential in %j', (header) => {
    expect(readBearer(header)).toEqual({ kind: 'absent' })
  })

  it.each([
    'Bearer',
    'Bearer ',
    'Bearer   ',
    'Bearer a b',
    'Bearer a ',
    'Bearer a,b',
    'Bearer a, Bearer b',
    'Bearer "a"',
    'Bearer =',
    'Bearer a=b',
    'Bearer a\n',
    'Bearer a\r\nX: y',
    'Bearer \u0430',
    'Bearer a\u0000',
  ])('calls %j malformed', (header) => {
    expect(readBearer(header)).toEqual({ kind: 'malformed' })
  })

  it('gives back only what RFC 6750 allows, for any string', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCodeUnit }), (rest) => {
        const reading = readBearer(`Bearer ${rest}`)
        if (reading.kind === 'token') expect(reading.token).toMatch(/^[\w\-.~+/]+=*$/)
      }),
    )
  })

  it('takes a long header in linear time', () => {
    expect(readBearer(`Bearer ${'a'.repeat(1_000_000)}!`)).toEqual({ kind: 'malformed' })
    expect(readBearer(`Bearer ${' '.repeat(1_000_000)}!`)).toEqual({ kind: 'malformed' })
    expect(readBearer(`Bearer ${'='.repeat(1_000_000)}`)).toEqual({ kind: 'malformed' })
  })
})

describe('readSubprotocolBearer', () => {
  it('reads the pair, and selects the name and never the credential', () => {
    fc.assert(
      fc.property(tokens, fc.constantFrom(',', ', ', ' , ', ',\t'), (token, comma) => {
        expect(readSubprotocolBearer(BEARER_SUBPROTOCOL + comma + token)).toEqual({
          kind: 'token',
          token,
          subprotocol: 'access_token',
        })
      }),
    )
  })

  it('reads the credential alone, and selects it as sent', () => {
    fc.assert(
      fc.property(tokens, (token) => {
        expect(readSubprotocolBearer(token)).toEqual({ kind: 'token', token, subprotocol: token })
      }),
    )
  })

  it.each([[null], [undefined]])('sees nothing in %j', (header) => {
    expect(readSubprotocolBearer(header)).toEqual({ kind: 'absent' })
  })

  it.each([
    '',
    ' ',
    ',',
    'access_token',
    'access_token,',
    'access_token, ',
    'access_token, a, b',
    'a, access_token',
    'a, b',
    'Access_Token, a',
    'access_token, a b',
    'access_token, "a"',
    ', a',
    'a b',
    'a\u0000',
  ])('calls %j malformed', (header) => {
    expect(readSubprotocolBearer(header)).toEqual({ kind: 'malformed' })
  })
})

describe('formatChallenge', () => {
  it('is bare when no credential came (RFC 6750 section 3.1)', () => {
    expect(formatChallenge()).toBe('Bearer')
  })

  it('names the error, and the scope that is needed', () => {
    expect(formatChallenge('invalid_token')).toBe('Bearer error="invalid_token"')
    expect(formatChallenge('invalid_request')).toBe('Bearer error="invalid_request"')
    expect(formatChallenge('insufficient_scope', 'interhumanai.stream')).toBe(
      'Bearer error="insufficient_scope", scope="interhumanai.stream"',
    )
  })
})
