import fc from 'fast-check'
import { expect, test } from 'vitest'
import { waitAfter } from '../src/backoff.ts'

const half = () => 0
const whole = () => 0.999_999

test('waits double with each failure in a row, up to a minute', () => {
  const waits = [1, 2, 3, 4, 7, 8, 50, 2000].map((failures) => waitAfter({ retryable: true }, failures, half))
  expect(waits).toEqual([250, 500, 1000, 2000, 16_000, 30_000, 30_000, 30_000])
  expect(Math.round(waitAfter({ retryable: true }, 8, whole))).toBe(60_000)
})

test('one that no retry can help waits long from the first', () => {
  expect(waitAfter({ retryable: false }, 1, half)).toBe(5_000)
  expect(Math.round(waitAfter({ retryable: false }, 1, whole))).toBe(10_000)
})

test('one that says nothing of retries counts as one that can pass', () => {
  expect(waitAfter({}, 1, half)).toBe(250)
})

test('what the service asks for comes on top, up to five minutes', () => {
  expect(waitAfter({ retryable: true, retryAfterSeconds: 7 }, 1, half)).toBe(7_250)
  expect(waitAfter({ retryable: true, retryAfterSeconds: 1e9 }, 1, half)).toBe(300_250)
})

test('whatever failed, the wait is bounded and longer than none', () => {
  const advice = fc.record({
    retryable: fc.boolean(),
    retryAfterSeconds: fc.option(fc.double({ min: 0, noNaN: true }), { nil: undefined }),
  })
  fc.assert(
    fc.property(
      advice,
      fc.integer({ min: 1 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failure, failures, random) => {
        const waitMs = waitAfter(failure, failures, () => random)
        expect(waitMs).toBeGreaterThanOrEqual(250)
        expect(waitMs).toBeLessThanOrEqual(360_000)
      },
    ),
  )
})
