import type { SigningKey } from './signing-key.ts'
import { rotationDueAt } from './signing-keys.ts'

/** At the latest after so long is the age of the active key looked at again, in milliseconds: an hour. */
const LONGEST_PAUSE_MS = 3_600_000

/** A rotation that failed is tried again after so long, in milliseconds, and one that is due is looked for no more often. */
const SHORTEST_PAUSE_MS = 60_000

/** What the schedule needs from outside. */
export interface RotationScheduleContext {
  /** How long a key signs, in seconds; `null` for as long as nobody rotates. */
  readonly rotationSeconds: number | null
  /** The keys as this process knows them. */
  keys(): readonly SigningKey[]
  /** Epoch seconds. */
  now(): number
  /** Rotates if it is due in view of the keys that the store holds. */
  rotate(): Promise<unknown>
  onFailure(error: unknown): void
}

/** Rotation by the clock. */
export interface RotationSchedule {
  /** Resolves when no rotation is under way any more. */
  close(): Promise<void>
}

/** Checks at once whether the signing keys are to be rotated, and from then on when they are due, and every hour. */
export function scheduleRotation(context: RotationScheduleContext): RotationSchedule {
  const { rotationSeconds, keys, now, rotate, onFailure } = context
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let running: Promise<void> = Promise.resolve()

  /** Never rejects. */
  async function check(): Promise<void> {
    try {
      const dueAt = rotationDueAt(keys(), rotationSeconds)
      if (dueAt !== null && dueAt <= now()) await rotate()
    } catch (error) {
      onFailure(error)
    }
  }

  function run(): void {
    running = check().then(() => {
      if (!closed) timer = setTimeout(run, pauseMs()).unref()
    })
  }

  function pauseMs(): number {
    const dueAt = rotationDueAt(keys(), rotationSeconds) ?? Number.POSITIVE_INFINITY
    return Math.min(Math.max((dueAt - now()) * 1000, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS)
  }

  run()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await running
    },
  }
}
