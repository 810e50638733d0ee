import type { Clock } from '../clock.ts'

/** A clock in the test's hand: it stands still until it is told otherwise. */
export interface TestClock extends Clock {
  /** Lets time pass on both clocks. */
  advance(seconds: number): void
  /** Lets time pass in sleep: the wall clock goes on, the monotonic one stands. */
  sleep(seconds: number): void
  /** Sets the wall clock, as a person or a time server does; epoch milliseconds. */
  setWall(epochMs: number): void
}

const START_MS = Date.UTC(2026, 0, 1)

/** Makes a clock that starts on 1 January 2026, or at `startMs` (epoch milliseconds). */
export function createTestClock(startMs = START_MS): TestClock {
  let wallMs = startMs
  let monotonicMs = 0
  return {
    now: () => wallMs,
    monotonicNow: () => monotonicMs,
    advance(seconds) {
      wallMs += seconds * 1000
      monotonicMs += seconds * 1000
    },
    sleep(seconds) {
      wallMs += seconds * 1000
    },
    setWall(epochMs) {
      wallMs = epochMs
    },
  }
}
