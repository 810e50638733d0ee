import { describe, expect, it } from 'vitest'
import { reconnectDelayMs } from '../src/reconnect-delay.ts'

describe('a connection is made again', () => {
  it.each([
    [0, 200],
    [1, 400],
    [3, 1_600],
    [4, 2_000],
    [1_000_000, 2_000],
  ])('after %i failures in a row within %i ms, and not before half of that', (failures, most) => {
    expect(reconnectDelayMs(failures, false, () => 0)).toBe(most / 2)
    expect(reconnectDelayMs(failures, false, (below) => below - 1)).toBe(most)
  })

  it('after a refusal more seldom, since each try counts against the address: within 30 s at most', () => {
    expect(reconnectDelayMs(0, true, (below) => below - 1)).toBe(200)
    expect(reconnectDelayMs(100, true, (below) => below - 1)).toBe(30_000)
  })

  it('at a moment that chance decides', () => {
    expect(new Set(Array.from({ length: 50 }, () => reconnectDelayMs(9, false))).size).toBeGreaterThan(1)
  })
})
