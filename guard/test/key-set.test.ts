import { describe, expect, it } from 'vitest'
import { KEEP_KEYS_MS, REFETCH_AFTER_LOSS_MS, REFETCH_COOLDOWN_MS } from '../src/key-set.ts'
import { edDsa, es256 } from './support/signing.ts'
import { body, fails, HANG_MS, says, startKeySet } from './support/start-key-set.ts'

const first = es256('first')
const second = edDsa('second')

describe('fetching', () => {
  it('waits for the first token, then fetches once for everybody', async () => {
    const { keys, seen } = await startKeySet({ listener: says(body(first, second)) })
    expect(seen.requests).toBe(0)
    const lookups = await Promise.all(
      Array.from({ length: 100 }, (_, i) => keys.find(i % 2 ? 'first' : 'second')),
    )
    expect(lookups.every((lookup) => 'key' in lookup)).toBe(true)
    expect(lookups[1]).toMatchObject({ key: { algorithm: 'ES256' } })
    expect(lookups[0]).toMatchObject({ key: { algorithm: 'EdDSA' } })
    expect(seen.requests).toBe(1)
  })

  it.each([
    ['what max-age says', 'public, max-age=120', 120],
    ['300 s when it says nothing', '', 300],
    ['30 s at least', 'no-store, max-age=0', 30],
    ['an hour at most', 'max-age=999999999', 3600],
    ['s-maxage aside', 's-maxage=900', 300],
  ])('keeps a set for %s', async (_what, cacheControl, seconds) => {
    const { keys, seen } = await startKeySet({
      listener: says(body(first), { 'Cache-Control': cacheControl }),
    })
    await keys.find('first')
    seen.clock += seconds * 1000 - 1
    await keys.find('first')
    expect(seen.requests).toBe(1)
    seen.clock += 1
    await keys.find('first')
    expect(seen.requests).toBe(2)
  })

  it('counts the age of a set from when it was asked for, so that a slow answer is not younger', async () => {
    const answer = { listener: says(body(first)) }
    const { keys, seen } = await startKeySet(answer)
    answer.listener = (request, response) => {
      seen.clock += 100_000
      says(body(first))(request, response)
    }
    await keys.find('first')
    seen.clock += 200_000
    await keys.find('first')
    expect(seen.requests).toBe(2)
  })

  it('drops a key that a new set lacks at once, and takes up a new one', async () => {
    const answer = { listener: says(body(first)) }
    const { keys, seen } = await startKeySet(answer)
    expect(await keys.find('first')).toHaveProperty('key')
    answer.listener = says(body(second))
    seen.clock += 300_000
    expect(await keys.find('second')).toHaveProperty('key')
    expect(await keys.find('first')).toEqual({ missing: 'unknown' })
  })

  it('skips what is no key of ours and takes the rest', async () => {
    const odd = [null, 'x', { kty: 'oct', kid: 'first', k: 'LEAK' }, { kty: 'RSA', kid: 'first', n: 'AQAB' }]
    const broken = { ...first.jwk, kid: 'broken', x: 'AAAA' }
    const text = JSON.stringify({ keys: [...odd, broken, first.jwk] })
    const { keys } = await startKeySet({ listener: says(text) })
    expect(await keys.find('first')).toMatchObject({ key: { algorithm: 'ES256' } })
    expect(await keys.find('broken')).toEqual({ missing: 'unknown' })
  })

  it('has no keys by the names of a prototype, and takes `__proto__` as a name like any other', async () => {
    const { keys } = await startKeySet({ listener: says(body(es256('__proto__'))) })
    expect(await keys.find('constructor')).toEqual({ missing: 'unknown' })
    expect(await keys.find('__proto__')).toHaveProperty('key')
  })
})

describe('attack 14: a flood of unknown kids', () => {
  it('causes one fetch in a cooldown, and known keys are not held up by it', async () => {
    const { keys, seen } = await startKeySet({ listener: says(body(first)) })
    await keys.find('first')
    for (let round = 1; round <= 3; round++) {
      seen.clock += REFETCH_COOLDOWN_MS
      const flood = Array.from({ length: 1000 }, (_, i) => keys.find(`unknown-${round}-${i}`))
      expect(await keys.find('first')).toHaveProperty('key')
      for (const lookup of await Promise.all(flood)) expect(lookup).toEqual({ missing: 'unknown' })
      expect(seen.requests).toBe(1 + round)
    }
    seen.clock += REFETCH_COOLDOWN_MS - 1
    await keys.find('unknown')
    expect(seen.requests).toBe(4)
  })

  it('does not hold up known keys even while the key set hangs', async () => {
    const answer = { listener: says(body(first)) }
    const { keys, seen } = await startKeySet(answer, HANG_MS)
    await keys.find('first')
    answer.listener = () => undefined
    seen.clock += REFETCH_COOLDOWN_MS
    const unknown = keys.find('unknown')
    const settled: string[] = []
    const both = [
      unknown.then(() => settled.push('unknown')),
      keys.find('first').then((lookup) => settled.push('key' in lookup ? 'first' : 'none')),
    ]
    await Promise.all(both)
    expect(settled).toEqual(['first', 'unknown'])
  })
})

describe('a signing key that is lost', () => {
  it('allows one fetch before the cooldown, so that the key in its place is known at once', async () => {
    const answer = { listener: says(body(first)) }
    const { keys, seen } = await startKeySet(answer)
    await keys.find('second')
    answer.listener = says(body(second))
    seen.clock += REFETCH_AFTER_LOSS_MS
    expect(await keys.find('second')).toEqual({ missing: 'unknown' })
    expect(seen.requests).toBe(1)
    expect(await keys.find('second', 1)).toHaveProperty('key')
    seen.clock += REFETCH_COOLDOWN_MS - 1
    for (let round = 0; round < 100; round++) await keys.find(`unknown-${round}`, 1)
    expect(seen.requests).toBe(2)
  })

  it('attack 14: allows no second fetch by being said again, nor by how many tokens ask for it', async () => {
    const { keys, seen } = await startKeySet({ listener: says(body(first)) })
    await keys.find('first', 1)
    seen.clock += REFETCH_AFTER_LOSS_MS
    await Promise.all(Array.from({ length: 1000 }, (_, i) => keys.find(`unknown-${i}`, 1)))
    expect(seen.requests).toBe(1)
    await Promise.all(Array.from({ length: 1000 }, (_, i) => keys.find(`unknown-${i}`, 2)))
    expect(seen.requests).toBe(2)
  })

  it('attack 14: among a thousand others does not make a guard ask without end, nor where no answer comes', async () => {
    const answer = { listener: says(body(first)) }
    const { keys, seen } = await startKeySet(answer)
    await keys.find('first')
    for (let lost = 1; lost <= 1000; lost++) {
      if (lost === 500) answer.listener = fails
      seen.clock += 1
      await keys.find('unknown', lost)
    }
    expect(seen.requests).toBe(1 + Math.floor(1000 / REFETCH_AFTER_LOSS_MS))
    seen.clock += REFETCH_AFTER_LOSS_MS - 1
    expect(await keys.find('first', 1000)).toHaveProperty('key')
    expect(seen.requests).toBe(3)
  })

  it('that was heard of while a fetch was under way allows another one after it', async () => {
    const answer = { listener: says(body(first)) }
    const { keys, seen } = await startKeySet(answer)
    const early = keys.find('second')
    const during = keys.find('second', 1)
    expect([await early, await during]).toEqual([{ missing: 'unknown' }, { missing: 'unknown' }])
    answer.listener = says(body(second))
    seen.clock += REFETCH_AFTER_LOSS_MS - 1
    expect(await keys.find('second', 1)).toEqual({ missing: 'unknown' })
    seen.clock += 1
    expect(await keys.find('second', 1)).toHaveProperty('key')
    expect(seen.requests).toBe(2)
  })
})

describe('a key set that cannot be had', () => {
  it('is asked again after the cooldown, and then serves', async () => {
    const answer = { listener: fails }
    const { keys, seen } = await startKeySet(answer)
    await keys.find('first')
    answer.listener = says(body(first))
    seen.clock += REFETCH_COOLDOWN_MS - 1
    expect(await keys.find('first')).toHaveProperty('missing', 'unavailable')
    seen.clock += 1
    expect(await keys.find('first')).toHaveProperty('key')
  })

  it('leaves the keys at hand in service for an hour since the last success, and not a moment longer', async () => {
    const answer = { listener: says(body(first)) }
    const { keys, seen } = await startKeySet(answer)
    await keys.find('first')
    answer.listener = fails
    seen.clock += 300_000
    expect(await keys.find('first')).toHaveProperty('key')
    expect(await keys.find('unknown')).toHaveProperty('missing', 'unavailable')
    seen.clock += KEEP_KEYS_MS - 300_000 - 1
    expect(await keys.find('first')).toHaveProperty('key')
    seen.clock += 1
    expect(await keys.find('first')).toHaveProperty('missing', 'unavailable')
  })

  it('makes one caller wait at most: once a fetch has failed, known keys serve while the next one runs', async () => {
    const answer = { listener: says(body(first)) }
    const { keys, seen } = await startKeySet(answer, HANG_MS)
    await keys.find('first')
    answer.listener = fails
    seen.clock += 300_000
    await keys.find('first')
    let hanging = 0
    answer.listener = () => {
      hanging += 1
    }
    seen.clock += REFETCH_COOLDOWN_MS
    const order: string[] = []
    await Promise.all([
      keys.find('first').then(() => order.push('known')),
      keys.find('unknown').then(() => order.push('unknown')),
    ])
    expect(order).toEqual(['known', 'unknown'])
    expect(hanging).toBe(1)
  })

  it('recovers in the background, without a token that fails', async () => {
    const answer = { listener: says(body(first)) }
    const { keys, seen } = await startKeySet(answer)
    await keys.find('first')
    answer.listener = fails
    seen.clock += 300_000
    await keys.find('first')
    answer.listener = says(body(second))
    seen.clock += REFETCH_COOLDOWN_MS
    expect(await keys.find('first')).toHaveProperty('key')
    expect(await keys.find('second')).toHaveProperty('key')
    expect(await keys.find('first')).toEqual({ missing: 'unknown' })
  })
})
