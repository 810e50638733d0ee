import { ERRORS } from '@interhuman-auth/protocol'
import { afterEach, expect, test } from 'vitest'
import { watchLoop } from '../../src/limits/loop-watch.ts'

let now = 0
const watch = watchLoop(() => now, { sampleMs: 100, stuckMs: 1000, tellMs: 10_000 })
afterEach(() => {
  now += 1_000_000
})

test('a loop that stood still for a second is told at once, by whoever asks first, and for a while', () => {
  watch.refuseStuck()
  now += 1100
  expect(() => watch.refuseStuck()).toThrow(expect.objectContaining({ row: ERRORS.unavailable }))
  now += 500
  expect(() => watch.refuseStuck()).toThrow(expect.objectContaining({ headers: { 'Retry-After': '10' } }))
  for (let step = 0; step < 20; step++) {
    now += 500
    try {
      watch.refuseStuck()
    } catch {
      expect(step).toBeLessThan(19)
    }
  }
  watch.refuseStuck()
})

test('one that was late by less is none', () => {
  const calm = watchLoop(() => now, { sampleMs: 100, stuckMs: 1000, tellMs: 10_000 })
  now += 1099
  calm.refuseStuck()
  calm.close()
})

test('a loop that really stands still is seen by the timer alone', async () => {
  const real = watchLoop(() => performance.now(), { sampleMs: 5, stuckMs: 50, tellMs: 60_000 })
  await new Promise((resolve) => setTimeout(resolve, 10))
  for (const end = performance.now() + 100; performance.now() < end; );
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(() => real.refuseStuck()).toThrow(expect.objectContaining({ row: ERRORS.unavailable }))
  real.close()
})
