import { ALGORITHMS, type Algorithm, isAlgorithm } from '@interhuman-auth/protocol'
import { describe, expect, expectTypeOf, it } from 'vitest'

describe('isAlgorithm', () => {
  it('knows the three algorithms of the contract', () => {
    expect(ALGORITHMS).toEqual(['ES256', 'EdDSA', 'HS256'])
    expect(ALGORITHMS.every(isAlgorithm)).toBe(true)
  })

  it.each(['none', 'None', 'es256', 'ES256 ', 'RS256', 'HS512', '', 'length', '__proto__'])(
    'does not know %j',
    (name) => {
      expect(isAlgorithm(name)).toBe(false)
    },
  )

  it.each([[undefined], [null], [0], [['ES256']], [{ ES256: true }]])(
    'does not take %j for a name',
    (value) => {
      expect(isAlgorithm(value)).toBe(false)
    },
  )

  it('tells the compiler', () => {
    const value: unknown = 'ES256'
    if (isAlgorithm(value)) expectTypeOf(value).toEqualTypeOf<Algorithm>()
  })
})
