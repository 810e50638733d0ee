import { ERRORS } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { createLoadShed } from '../../src/limits/load-shed.ts'

const refusal = expect.objectContaining({ row: ERRORS.unavailable, headers: { 'Retry-After': '1' } })

function startShed(maxInFlight: number) {
  const clock = { now: 50_000, end: () => {} }
  const shed = createLoadShed(
    { maxInFlight, maxLoopDelayMs: 1000 },
    () => clock.now,
    (end) => {
      clock.end = end
    },
  )
  return { clock, shed }
}

test('as many as may be under way are taken, and one more once one has ended', () => {
  const { clock, shed } = startShed(2)
  shed.begin(clock.now)
  expect(shed.judge(clock.now)).toBeUndefined()
  shed.begin(clock.now)
  expect(shed.judge(clock.now)).toEqual(refusal)
  expect(() => shed.begin(clock.now)).toThrow(refusal)
  shed.end()
  shed.begin(clock.now)
})

test('what is too late in its turn is refused with a time to come again, at the head and with its body, and counts as nothing under way', () => {
  const { clock, shed } = startShed(1)
  expect(shed.judge(clock.now)).toBeUndefined()
  clock.now += 1001
  expect(shed.judge(clock.now)).toEqual(refusal)
  expect(() => shed.begin(clock.now)).toThrow(refusal)
  clock.end()
  expect(shed.judge(clock.now)).toBeUndefined()
  shed.begin(clock.now)
})
