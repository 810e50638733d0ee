import { expect, test } from 'vitest'
import { restartDelayMs } from '../../src/workers/restart-delay.ts'

test('a worker that does not last is replaced later and later, half a minute at most, and one that lasted at once', () => {
  let failures = 0
  const delays = Array.from({ length: 10 }, () => {
    const restart = restartDelayMs(failures, 59_999)
    failures = restart.failures
    return restart.delayMs
  })
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000])
  expect(restartDelayMs(failures, 60_000)).toEqual({ delayMs: 100, failures: 1 })
})
