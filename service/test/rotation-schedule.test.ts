import { randomBytes } from 'node:crypto'
import { afterEach, expect, test, vi } from 'vitest'
import { type RotationSchedule, scheduleRotation } from '../src/rotation-schedule.ts'
import type { SigningKey } from '../src/signing-key.ts'
import { settleSigningKeys } from '../src/signing-keys.ts'

const DAY = 86_400

let schedule: RotationSchedule | undefined
afterEach(async () => {
  await schedule?.close()
  vi.useRealTimers()
})

function start(options: { readonly days?: number | null; rotate?(): Promise<void> } = {}) {
  vi.useFakeTimers()
  const masterKey = randomBytes(32)
  const at = {
    clock: 1000,
    rotations: [] as number[],
    failures: [] as unknown[],
    keys: settleSigningKeys([], { algorithm: 'ES256', masterKey, now: 1000, randomBytes })
      .insert as readonly SigningKey[],
    async pass(seconds: number) {
      at.clock += seconds
      await vi.advanceTimersByTimeAsync(seconds * 1000)
    },
  }
  const { days = 30 } = options
  schedule = scheduleRotation({
    rotationSeconds: days === null ? null : days * DAY,
    keys: () => at.keys,
    now: () => at.clock,
    async rotate() {
      at.rotations.push(at.clock)
      await options.rotate?.()
      at.keys = at.keys.map((key) => (key.state === 'active' ? { ...key, activatedAt: at.clock } : key))
    },
    onFailure: (error) => at.failures.push(error),
  })
  return at
}

test('the age of the active key is looked at every hour, and it is rotated once it is old enough', async () => {
  const at = start()
  for (let hour = 0; hour < 24 * 30 - 1; hour += 1) await at.pass(3600)
  expect(at.rotations).toEqual([])
  await at.pass(3600)
  expect(at.rotations).toEqual([1000 + 30 * DAY])
  await at.pass(DAY)
  expect(at.rotations).toHaveLength(1)
})

test('a start that finds the key too old rotates at once', async () => {
  const at = start()
  await schedule?.close()
  at.clock += 31 * DAY
  schedule = scheduleRotation({
    rotationSeconds: 30 * DAY,
    keys: () => at.keys,
    now: () => at.clock,
    rotate: async () => void at.rotations.push(at.clock),
    onFailure: () => {},
  })
  await vi.advanceTimersByTimeAsync(0)
  expect(at.rotations).toEqual([1000 + 31 * DAY])
})

test('where nobody asked for rotation by the clock there is none', async () => {
  const at = start({ days: null })
  for (let turn = 0; turn < 100; turn += 1) await at.pass(DAY)
  expect(at.rotations).toEqual([])
})

test('a rotation that fails is told and tried again in a minute, and does not end the schedule', async () => {
  let failing = true
  const at = start({
    days: 1,
    async rotate() {
      if (failing) throw new Error('the disk is full')
    },
  })
  for (let hour = 0; hour < 24; hour += 1) await at.pass(3600)
  expect(at.failures).toHaveLength(1)
  await at.pass(60)
  expect(at.failures).toHaveLength(2)
  failing = false
  await at.pass(60)
  expect(at.failures).toHaveLength(2)
  expect(at.rotations).toHaveLength(3)
})

test('a store without keys, and a schedule that was closed, do nothing', async () => {
  const at = start({ days: 1 })
  at.keys = []
  for (let turn = 0; turn < 3; turn += 1) await at.pass(DAY)
  expect([at.rotations, at.failures]).toEqual([[], []])
  await schedule?.close()
  expect(vi.getTimerCount()).toBe(0)
})
