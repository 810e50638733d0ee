/** The two clocks that a token's life is counted on. */
export interface Clock {
  /** Epoch milliseconds: right across a sleep, wrong when somebody sets it. */
  now(): number
  /** Milliseconds from any start, never backwards: right when the other is set, on some machines it stops in sleep. */
  monotonicNow(): number
}

const now = () => Date.now()
const monotonicNow = () => performance.now()

/** The platform's own clocks. */
export const platformClock: Clock = { now, monotonicNow }
