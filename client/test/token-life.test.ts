import fc from 'fast-check'
import { expect, test } from 'vitest'
import { beginLife } from '../src/token-life.ts'
import { tokenOf } from './support/source-in-hand.ts'

const begin = (seconds: number, random = 0) => beginLife(tokenOf(seconds), 1_000_000, 5_000, () => random)

test.each([
  [900, 720, 882],
  [3600, 2880, 3528],
  [300, 240, 294],
  [60, 48, 55],
  [20, 15, 15],
  [10, 5, 5],
  [8, 4, 4],
  [1, 0.5, 0.5],
  [0, 0, 0],
])('a token of %d s is due at %d s and spent at %d s', (seconds, due, spent) => {
  const { dueMs, spentMs } = begin(seconds)
  expect([dueMs, spentMs]).toEqual([due * 1000, spent * 1000])
})

test('whatever the lifetime and chance, it is due before it is spent, and spent before its end', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, noNaN: true }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (seconds, random) => {
        const { dueMs, spentMs, lifetimeMs } = begin(seconds, random)
        expect(dueMs).toBeGreaterThanOrEqual(0)
        expect(dueMs).toBeLessThanOrEqual(spentMs)
        expect(lifetimeMs - spentMs).toBeGreaterThanOrEqual(Math.min(5_000, lifetimeMs / 2) - 1e-6)
        expect(lifetimeMs).toBeLessThanOrEqual(86_400_000)
      },
    ),
  )
})

test('its age is the greater of what its two clocks say', () => {
  const life = begin(900)
  expect(life.ageAt(1_000_000, 5_000)).toBe(0)
  expect(life.ageAt(1_060_000, 5_000)).toBe(60_000)
  expect(life.ageAt(1_000_000, 65_000)).toBe(60_000)
})

test('a wall clock that was set to before its start makes it due, and does not make it younger', () => {
  const life = begin(900)
  expect(life.ageAt(999_999, 5_000)).toBe(life.dueMs)
  expect(life.ageAt(0, 5_000 + 890_000)).toBe(890_000)
})
