import {
  formatScope,
  isScope,
  parseScope,
  SCOPES,
  type Scope,
  STREAM_SCOPE,
  UPLOAD_SCOPE,
  uniqueScopes,
} from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'

/** Any scope of RFC 6749 section 3.3. */
const scopes = fc.string({ unit: fc.constantFrom(...'!#$%&()*+,-./09:;<=>?@AZ[]^_`az{|}~'), minLength: 1 })

describe('isScope', () => {
  it('knows the two scopes of the specification', () => {
    expect(SCOPES).toEqual(['interhumanai.upload', 'interhumanai.stream'])
    expect([UPLOAD_SCOPE, STREAM_SCOPE]).toEqual([...SCOPES])
    expect(SCOPES.every(isScope)).toBe(true)
    expectTypeOf<Scope>().toEqualTypeOf<'interhumanai.upload' | 'interhumanai.stream'>()
  })

  it.each([
    '',
    ' interhumanai.upload',
    'interhumanai.upload ',
    'interhumanai.upload interhumanai.stream',
    'Interhumanai.upload',
    'interhumanai.uplo\u0430d',
    'interhumanai\u2024upload',
    'interhumanai.upload\u00a0',
    'interhumanai.*',
    'interhumanai.upload.inter-2-audio',
    'length',
    '__proto__',
  ])('does not know %j', (scope) => {
    expect(isScope(scope)).toBe(false)
  })

  it.each([[undefined], [null], [0], [[UPLOAD_SCOPE]], [{}]])('does not take %j for a scope', (value) => {
    expect(isScope(value)).toBe(false)
  })
})

describe('formatScope and parseScope', () => {
  it('are each other’s inverse, in the order asked', () => {
    fc.assert(
      fc.property(fc.array(scopes), (list) => {
        expect(parseScope(formatScope(list))).toEqual(list)
      }),
    )
    expect(formatScope([STREAM_SCOPE, UPLOAD_SCOPE])).toBe('interhumanai.stream interhumanai.upload')
  })

  it('know spaces and nothing else between scopes', () => {
    expect(parseScope('')).toEqual([])
    expect(parseScope('  a   b ')).toEqual(['a', 'b'])
    expect(parseScope('a,b')).toEqual(['a,b'])
    expect(parseScope('a\tb\nc\u00a0d')).toEqual(['a\tb\nc\u00a0d'])
  })
})

describe('uniqueScopes', () => {
  it('keeps each scope once, in the order of its first appearance', () => {
    expect(uniqueScopes(['b', 'a', 'b', 'c', 'a'])).toEqual(['b', 'a', 'c'])
  })

  it('loses none, adds none, and leaves the list that it was given alone', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c', '__proto__')), (list) => {
        const before = [...list]
        const unique = uniqueScopes(list)
        expect(new Set(unique)).toEqual(new Set(list))
        expect(unique.length).toBe(new Set(list).size)
        expect(list).toEqual(before)
      }),
    )
  })
})
