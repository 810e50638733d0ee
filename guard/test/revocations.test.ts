import { describe, expect, it } from 'vitest'
import { createRevocations, MAX_DEAD_SIGNING_KEYS, REMEMBER_MS } from '../src/revocations.ts'

const NOW = 1_800_000_000

function start(maxEntries = 100) {
  const clock = { now: 0 }
  return { clock, revocations: createRevocations(maxEntries, () => clock.now) }
}

const key = (keyId: string, generation: number) => ({ kind: 'key', keyId, generation }) as const
const token = (tokenId: string, expiresAt = NOW + 300) => ({ kind: 'token', tokenId, expiresAt }) as const
const of = (keyId: string, generation: number, tokenId = 't') => ({ keyId, generation, tokenId })

describe('what the feed said', () => {
  it('ends tokens of a key below its generation, and no others', () => {
    const { revocations } = start()
    revocations.apply(key('a', 3))
    expect(revocations.findReason(of('a', 2))).toBe('key_revoked')
    expect(revocations.findReason(of('a', 3))).toBeUndefined()
    expect(revocations.findReason(of('a', 4))).toBeUndefined()
    expect(revocations.findReason(of('b', 0))).toBeUndefined()
    expect(revocations.findReason(of('__proto__', 0))).toBeUndefined()
  })

  it('never lets a generation fall, in whatever order it is said', () => {
    const { revocations } = start()
    revocations.apply(key('a', 3))
    revocations.apply(key('a', 2))
    expect(revocations.findReason(of('a', 2))).toBe('key_revoked')
  })

  it('ends one token by its id', () => {
    const { revocations } = start()
    revocations.apply(token('t1'))
    expect(revocations.findReason(of('a', 1, 't1'))).toBe('token_revoked')
    expect(revocations.findReason(of('a', 1, 't2'))).toBeUndefined()
  })

  it('ends a signing key for ever', () => {
    const { clock, revocations } = start()
    revocations.apply({ kind: 'signing-key', kid: 'k' })
    clock.now = 1e12
    revocations.sweep(NOW + 1e9)
    expect(revocations.isDeadSigningKey('k')).toBe(true)
    expect(revocations.isDeadSigningKey('l')).toBe(false)
    expect(revocations.deadSigningKeyCount()).toBe(1)
  })

  it('counts changes, so that a look-up that began before one is known for late', () => {
    const { clock, revocations } = start()
    const before = revocations.lastChange()
    expect(revocations.lastChangeOf('a')).toBeUndefined()
    revocations.apply(key('a', 1))
    revocations.apply(token('t'))
    clock.now = 700
    expect(revocations.lastChangeOf('a')).toEqual({ number: before + 1, ageMs: 700 })
    expect(revocations.lastChange()).toBe(before + 2)
  })
})

describe('it is remembered', () => {
  it('a key for as long as the longest token of a lower generation can live, and no longer', () => {
    const { clock, revocations } = start()
    expect(REMEMBER_MS).toBe(3_660_000)
    revocations.apply(key('a', 3))
    clock.now = REMEMBER_MS - 1
    revocations.sweep(NOW)
    expect(revocations.findReason(of('a', 2))).toBe('key_revoked')
    clock.now = REMEMBER_MS
    revocations.sweep(NOW)
    expect(revocations.size()).toBe(0)
  })

  it('from when it was said last', () => {
    const { clock, revocations } = start()
    revocations.apply(key('a', 3))
    revocations.apply(key('b', 3))
    clock.now = 1_000
    revocations.apply(key('a', 3))
    clock.now = REMEMBER_MS
    revocations.sweep(NOW)
    expect(revocations.findReason(of('a', 2))).toBe('key_revoked')
    expect(revocations.findReason(of('b', 2))).toBeUndefined()
  })

  it('a token until its expiry and the largest skew, by a clock that both sides have reached', () => {
    const { revocations } = start()
    revocations.apply(token('t', NOW))
    revocations.sweep(NOW + 59)
    expect(revocations.size()).toBe(1)
    revocations.sweep(NOW + 60)
    expect(revocations.size()).toBe(0)
  })

  it('a token no longer than any can live, whatever expiry is said', () => {
    const { clock, revocations } = start()
    revocations.apply(token('t', Number.MAX_SAFE_INTEGER))
    clock.now = REMEMBER_MS
    revocations.sweep(NOW)
    expect(revocations.size()).toBe(0)
  })
})

describe('without room', () => {
  it('nothing is taken up and nothing is forgotten, and the caller is told', () => {
    const { clock, revocations } = start(2)
    expect(revocations.apply(key('a', 3))).toBe(true)
    expect(revocations.apply(token('t1'))).toBe(true)
    expect(revocations.apply(key('b', 3))).toBe(false)
    expect(revocations.apply(token('t2'))).toBe(false)
    expect(revocations.apply(key('a', 4))).toBe(true)
    expect(revocations.apply(token('t1'))).toBe(true)
    expect(revocations.findReason(of('a', 3))).toBe('key_revoked')
    expect(revocations.findReason(of('c', 3, 't1'))).toBe('token_revoked')
    clock.now = REMEMBER_MS
    revocations.sweep(NOW)
    expect(revocations.apply(key('b', 3))).toBe(true)
  })

  it('a signing key is not taken up either', () => {
    const { revocations } = start()
    for (let i = 0; i < MAX_DEAD_SIGNING_KEYS; i += 1)
      expect(revocations.apply({ kind: 'signing-key', kid: `k${i}` })).toBe(true)
    expect(revocations.apply({ kind: 'signing-key', kid: 'one more' })).toBe(false)
    expect(revocations.apply({ kind: 'signing-key', kid: 'k0' })).toBe(true)
  })
})
