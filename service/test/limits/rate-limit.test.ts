import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRateLimit } from '../../src/limits/rate-limit.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('0 is no limit', () => {
  expect(createRateLimit(0)).toBeUndefined()
})

test('what is within the limit passes; what is beyond waits for the end of the minute, and no other subject does', async () => {
  const limit = createRateLimit(3)
  for (let count = 0; count < 3; count++) expect(await limit?.count('a')).toBe(0)
  vi.advanceTimersByTime(20_500)
  expect(await limit?.count('a')).toBe(40)
  expect(await limit?.count('b')).toBe(0)
  vi.advanceTimersByTime(39_500)
  expect(await limit?.count('a')).toBe(0)
})

test('a clock that is set back keeps nobody out for longer than a minute', async () => {
  const limit = createRateLimit(1)
  await limit?.count('a')
  vi.setSystemTime(Date.now() - 3_600_000)
  expect(await limit?.count('a')).toBe(60)
  vi.advanceTimersByTime(60_000)
  expect(await limit?.count('a')).toBe(0)
})

test('attack 57: a flood of distinct subjects leaves no more behind than the bound, neither records nor timers', async () => {
  const limit = createRateLimit(2, 200)
  await limit?.count('busy')
  for (let subject = 0; subject < 5000; subject++) {
    void limit?.count(`flood ${subject}`)
    if (subject % 100 === 0) void limit?.count('busy')
  }
  expect(vi.getTimerCount()).toBeLessThanOrEqual(200)
  // Whoever comes often is not forgotten for the flood.
  expect(await limit?.count('busy')).toBeGreaterThan(0)
  vi.advanceTimersByTime(60_000)
  expect(vi.getTimerCount()).toBe(0)
})
