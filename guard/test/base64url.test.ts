import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64url } from '../src/base64url.ts'

describe('decodeBase64url', () => {
  it('gives back what was encoded, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64url(Buffer.from(bytes).toString('base64url'))).toEqual(Buffer.from(bytes))
      }),
    )
  })

  it('takes at most one string for any bytes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        const bytes = decodeBase64url(text)
        if (bytes !== undefined) expect(bytes.toString('base64url')).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['padding', 'Zg=='],
    ['a space', 'Zm 9v'],
    ['a line break', 'Zm9v\n'],
    ['the other alphabet', '+/+/'],
    ['stray bits in the last character', 'Zh'],
    ['a lone last character', 'Zm9vY'],
    ['a character outside the alphabet', 'Zm9*'],
    ['a look-alike letter', 'Zm9\u1d20'],
  ])('refuses %s', (_what, text) => {
    expect(decodeBase64url(text)).toBeUndefined()
  })
})
