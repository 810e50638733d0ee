import { MAX_TOKEN_LENGTH } from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonObject, parseJws } from '../src/jws.ts'
import { compact, encode, es256 } from './support/signing.ts'

const key = es256()
const token = compact(key)
const [header = '', payload = '', signature = ''] = token.split('.')
const withHeader = (value: unknown) => `${encode(value)}.${payload}.${signature}`
const good = { alg: 'ES256', typ: 'at+jwt', kid: 'k' }

describe('parseJws', () => {
  it('takes a token apart', () => {
    const parsed = parseJws(token)
    expect(parsed).toMatchObject({ jws: { algorithm: 'ES256', kid: key.kid, type: 'at+jwt' } })
    expect(parsed).toHaveProperty('jws.signed', `${header}.${payload}`)
  })

  it('looks at nothing that is longer than its bound', () => {
    expect(parseJws('a'.repeat(MAX_TOKEN_LENGTH + 1))).toEqual({ problem: 'too_long' })
    expect(parseJws('.'.repeat(MAX_TOKEN_LENGTH))).toEqual({ problem: 'malformed' })
  })

  it.each([
    ['nothing', ''],
    ['one part', header],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${token}.`],
    ['five parts, an encrypted token (attack 6)', `${token}.${payload}.${signature}`],
    ['an empty header', `.${payload}.${signature}`],
    ['a header that is a list', withHeader([])],
    ['a header that is null', withHeader(null)],
    ['a header that is a string', withHeader('"x"')],
    ['a header that is not JSON', withHeader('{alg:ES256}')],
    [
      'a header in another encoding',
      `${Buffer.from('{"alg":"\xe9"}', 'latin1').toString('base64url')}.e30.e30`,
    ],
    ['a header behind a byte order mark', withHeader(`\ufeff${JSON.stringify(good)}`)],
    ['no kid', withHeader({ alg: 'ES256' })],
    ['a kid that is no string', withHeader({ alg: 'ES256', kid: ['k'] })],
  ])('refuses %s', (_what, text) => {
    expect(parseJws(text)).toEqual({ problem: 'malformed' })
  })

  it.each([['crit'], ['b64']])('attack 5: refuses a header with %s, whatever its value', (name) => {
    for (const value of [['exp'], ['b64'], [], null, false, true, 0, 'x'])
      expect(parseJws(withHeader({ ...good, [name]: value }))).toEqual({ problem: 'critical_header' })
  })

  it.each([
    ['none'],
    ['None'],
    ['NONE'],
    ['nOnE'],
    [''],
    [null],
    [undefined],
    ['es256'],
    ['ES256 '],
    ['ES384'],
    ['RS256'],
    ['PS256'],
    ['HS512'],
    ['Ed25519'],
    ['RSA-OAEP'],
    ['PBES2-HS256+A128KW'],
    [['ES256']],
    [{ ES256: 1 }],
    ['__proto__'],
  ])('attack 1: refuses the algorithm %j', (alg) => {
    expect(parseJws(withHeader({ ...good, alg }))).toEqual({ problem: 'algorithm' })
  })

  it('lets the last of a repeated member count, as RFC 7515 section 4 allows', () => {
    const repeated = '{"alg":"ES256","alg":"none","kid":"k"}'
    expect(parseJws(withHeader(repeated))).toEqual({ problem: 'algorithm' })
  })

  it('attack 11: refuses every other spelling of each part', () => {
    const last = signature.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const stray = alphabet[alphabet.indexOf(last) + 1] ?? ''
    const others = [
      `${token}=`,
      `${token}==`,
      ` ${token}`,
      `${token} `,
      `${token}\n`,
      `${header}=.${payload}.${signature}`,
      `${header}. ${payload}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -1)}${stray}`,
    ]
    for (const other of others) expect(parseJws(other)).toEqual({ problem: 'malformed' })
  })

  it('never throws, whatever the string', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.base64String(), { maxLength: 6 }).map((p) => p.join('.')),
        ),
        (s) => {
          expect(Object.keys(parseJws(s))).toHaveLength(1)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('parseJsonObject', () => {
  it('gives objects and nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const parsed = parseJsonObject(Buffer.from(JSON.stringify(value)))
        const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
        expect(parsed !== undefined).toBe(isObject)
      }),
    )
  })

  it('does not let `__proto__` reach the prototype', () => {
    const parsed = parseJsonObject(Buffer.from('{"__proto__":{"iss":"x"}}'))
    expect(parsed?.iss).toBeUndefined()
    expect(({} as Record<string, unknown>).iss).toBeUndefined()
  })
})
