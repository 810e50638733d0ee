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
    expect(reconnectDelayMs(failures, () => 0)).toBe(most / 2)
    expect(reconnectDelayMs(failures, (below) => below - 1)).toBe(most)
  })

  it('at a moment that chance decides', () => {
    expect(new Set(Array.from({ length: 50 }, () => reconnectDelayMs(9))).size).toBeGreaterThan(1)
  })
})
