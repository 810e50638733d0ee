import { setTimeout as pause } from 'node:timers/promises'
import { IN_USE_SECONDS } from './secret-use.ts'
import type { CountedRequest, UsageStore } from './usage.ts'
import { createUsageCounts } from './usage-counts.ts'

/** How often counts are handed in, in milliseconds: with a query's own time-out, less than 10 s of them are lost by a crash. */
export const HAND_IN_MS = 5000

/** A transaction adds so many rows at most: some 20 ms with SQLite, which works in this thread. */
const MAX_BATCH = 1000

/** Between two of them requests are answered, and whoever else writes has a chance to, in milliseconds. */
const PAUSE_MS = 20

const SECONDS_A_DAY = 86_400
const SECONDS_AN_HOUR = 3600

/** What keeping the usage needs from outside. */
export interface UsageContext {
  readonly store: Pick<UsageStore, 'addUsageHours' | 'addSecretUses' | 'dropUsage'>
  /** How long counts are kept, in days; 0 for ever. */
  readonly retentionDays: number
  /** Epoch seconds. */
  now(): number
  onFailure(error: unknown): void
}

/** The usage of one process. */
export interface Usage {
  /** Counts a request; nothing is written by it. */
  count(request: CountedRequest): void
  /** Hands in what was counted, one after the other. Never rejects: what the store does not take stays counted. */
  handIn(): Promise<void>
  /** Hands in the last counts. */
  close(): Promise<void>
}

/** Counts, and hands in what was counted every {@link HAND_IN_MS}, and sooner when much waits. */
export function keepUsage({ store, retentionDays, now, onFailure }: UsageContext): Usage {
  const counts = createUsageCounts()
  let dropAt = 0
  let handingIn: Promise<void> = Promise.resolve()
  let isEarly = false

  async function handInAll(): Promise<void> {
    let { hours, uses, leftOut } = counts.take()
    if (leftOut > 0) onFailure(new Error(`too many keys wait for the store: ${leftOut} uses were left out`))
    try {
      while (hours.length + uses.length > 0) {
        if (hours.length > 0) {
          await store.addUsageHours(hours.slice(0, MAX_BATCH))
          hours = hours.slice(MAX_BATCH)
        } else {
          await store.addSecretUses(uses.slice(0, MAX_BATCH))
          uses = uses.slice(MAX_BATCH)
        }
        if (hours.length + uses.length > 0) await pause(PAUSE_MS)
      }
      await dropOld()
      isEarly = false
    } catch (error) {
      counts.putBack({ hours, uses })
      onFailure(error)
    }
  }

  async function dropOld(): Promise<void> {
    const time = now()
    if (retentionDays === 0 || time < dropAt) return
    const retentionSeconds = retentionDays * SECONDS_A_DAY
    await store.dropUsage({
      hoursBefore: time - retentionSeconds,
      // Who decides whether a secret is in use looks back so far.
      callersBefore: time - Math.max(retentionSeconds, IN_USE_SECONDS),
    })
    dropAt = time + SECONDS_AN_HOUR
  }

  const handIn = () => {
    handingIn = handingIn.then(handInAll)
    return handingIn
  }
  const timer = setInterval(() => {
    isEarly = false
    void handIn()
  }, HAND_IN_MS).unref()

  return {
    count(request) {
      counts.count(request, now())
      if (isEarly || !counts.isFilling()) return
      // Once until the next time, so that a store that is away is not asked at every request.
      isEarly = true
      void handIn()
    },
    handIn,
    async close() {
      clearInterval(timer)
      await handIn()
    },
  }
}
