/** The clocks of a machine, in milliseconds. */
export interface MachineClocks {
  /** Counts on and is never set. */
  monotonicMs(): number
  /** Epoch milliseconds. */
  wallMs(): number
}

/** When a reading was begun, by both clocks. */
export interface ReadingStart {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** What the last reading that succeeded said of the time. */
export interface ReadingClock {
  begin(): ReadingStart
  /** @param databaseTimeMs what the reading says that it is, in epoch milliseconds. */
  end(start: ReadingStart, databaseTimeMs: number): void
  /** When the database was last seen, in epoch milliseconds of its own clock. */
  readonly seenAtMs: number
  /** How far this machine's clock was ahead of the database's then, in milliseconds. */
  readonly clockOffsetMs: number
  /** The time now by the clock of the database, carried on by the monotonic clock. */
  nowMs(): number
  /**
   * How long ago the reading was begun, in milliseconds: by the clock that says more, since one stands still while a machine
   * sleeps and the other can be set back.
   */
  ageMs(): number
}

/** Makes one that has seen nothing yet. */
export function createReadingClock({ monotonicMs, wallMs }: MachineClocks): ReadingClock {
  let seen: ReadingStart = { monotonicMs: Number.NEGATIVE_INFINITY, wallMs: Number.NEGATIVE_INFINITY }
  let seenAtMs = 0
  let clockOffsetMs = 0
  return {
    begin: () => ({ monotonicMs: monotonicMs(), wallMs: wallMs() }),
    end(start, databaseTimeMs) {
      seen = start
      seenAtMs = databaseTimeMs
      clockOffsetMs = start.wallMs + (monotonicMs() - start.monotonicMs) / 2 - databaseTimeMs
    },
    get seenAtMs() {
      return seenAtMs
    },
    get clockOffsetMs() {
      return clockOffsetMs
    },
    nowMs: () => seenAtMs + monotonicMs() - seen.monotonicMs,
    ageMs: () => Math.max(monotonicMs() - seen.monotonicMs, wallMs() - seen.wallMs),
  }
}
