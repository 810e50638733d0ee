import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DUE, FRESH, SHORT, SPENT, startLife } from '../src/token-life.ts'
import { clockInHand, tokenOf } from './support/source-in-hand.ts'

/** The stage of a token of so many seconds at an age, on clocks that agree. */
function stageOf(seconds: number, ageSeconds: number, minValiditySeconds = 0, random = 0): number {
  const clock = clockInHand()
  const life = startLife(clock, () => random)(tokenOf(seconds))
  clock.pass(ageSeconds)
  return life.stage(minValiditySeconds)
}

test.each([
  [900, 720, 882],
  [3600, 2880, 3528],
  [300, 240, 294],
  [60, 48, 55],
  [20, 15, 15],
  [10, 5, 5],
  [8, 4, 4],
  [1, 0.5, 0.5],
])('a token of %d s is due at %d s and spent at %d s', (seconds, due, spent) => {
  expect(stageOf(seconds, due - 0.1)).toBe(FRESH)
  if (due < spent) expect([stageOf(seconds, due), stageOf(seconds, spent - 0.1)]).toEqual([DUE, DUE])
  expect(stageOf(seconds, spent)).toBe(SPENT)
})

test.each([0, Number.NaN])('a token of %d s is spent from the first', (seconds) => {
  expect(stageOf(seconds, 0)).toBe(SPENT)
})

test('chance moves the first by up to a tenth of the life', () => {
  expect([stageOf(1000, 898, 0, 0.99), stageOf(1000, 900, 0, 0.99)]).toEqual([FRESH, DUE])
})

test('it is short of what it does not have left, but never in its first fifth', () => {
  expect([stageOf(900, 500, 400), stageOf(900, 501, 400)]).toEqual([FRESH, SHORT])
  expect([stageOf(900, 180, 1e9), stageOf(900, 181, 1e9)]).toEqual([FRESH, SHORT])
})

test('whatever the lifetime, the age and chance, it is spent before its end, and never lives above a day', () => {
  const positive = fc.integer({ min: 0, max: 100_000 })
  const chance = fc.double({ min: 0, max: 0.999, noNaN: true })
  fc.assert(
    fc.property(positive, positive, chance, (seconds, ageSeconds, random) => {
      const left = Math.min(seconds, 86_400) - ageSeconds
      if (left <= 0) expect(stageOf(seconds, ageSeconds, 0, random)).toBe(SPENT)
      if (ageSeconds < Math.min(seconds, 86_400) * 0.49)
        expect(stageOf(seconds, ageSeconds, 0, random)).toBe(FRESH)
    }),
  )
})

test('its age is the greater of what its two clocks say', () => {
  const clock = clockInHand()
  const life = startLife(clock, () => 0)(tokenOf(900))
  clock.sleep(800)
  expect(life.stage(0)).toBe(DUE)
  clock.set(-750)
  expect(life.stage(0)).toBe(FRESH)
  clock.pass(890)
  expect(life.stage(0)).toBe(SPENT)
  clock.set(-800)
  expect(life.stage(0)).toBe(SPENT)
})

test('a wall clock that was set to before its start makes it due, and does not make it younger', () => {
  const clock = clockInHand()
  const life = startLife(clock, () => 0)(tokenOf(900))
  clock.set(-1)
  expect(life.stage(0)).toBe(DUE)
  clock.set(-86_400)
  clock.pass(890)
  expect(life.stage(0)).toBe(SPENT)
})
