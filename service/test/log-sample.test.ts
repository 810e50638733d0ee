import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLogSample } from '../src/log-sample.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('attack 58: of a flood of refusals a few lines a second are written, and how many are left out', () => {
  const leftOut: [string, number][] = []
  const sample = createLogSample(3, (errorId, count) => leftOut.push([errorId, count]))
  const admitted = (errorId: string, times: number) =>
    Array.from({ length: times }, () => sample.admit(errorId)).filter(Boolean).length
  expect(admitted('ih2001', 1000)).toBe(3)
  expect(admitted('ih3001', 2)).toBe(2)
  vi.advanceTimersByTime(1000)
  expect(leftOut).toEqual([['ih2001', 997]])
  expect(admitted('ih2001', 3)).toBe(3)
  vi.advanceTimersByTime(1000)
  expect(admitted('ih2001', 5)).toBe(3)
  sample.flush()
  expect(leftOut).toEqual([
    ['ih2001', 997],
    ['ih2001', 2],
  ])
  expect(vi.getTimerCount()).toBe(0)
})
