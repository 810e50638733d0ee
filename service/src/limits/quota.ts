import { LRUCache } from 'lru-cache'

/** How much of a key's quota was used up in a window. */
export interface QuotaUse {
  readonly keyId: string
  /** Epoch seconds. */
  readonly windowStart: number
  readonly used: number
}

/** What the store does for quotas. */
export interface QuotaStore {
  /** Adds uses to what is kept of the same key and window, in one statement. @returns the sums. */
  addQuotaUses(uses: readonly QuotaUse[]): Promise<readonly QuotaUse[]>
  /** Drops what is kept of windows that began before, in epoch seconds. */
  dropQuotas(before: number): Promise<void>
}

/** Counts what is drawn from each key's quota, on this node and with the others. */
export interface Quota {
  /** Draws one. @returns how many seconds to wait for the next window, 0 where there was one left. */
  draw(keyId: string): number
  /** Hands in what was drawn here, and takes back what all nodes have drawn. Never rejects. */
  share(): Promise<void>
}

/** The window: a day of UTC. */
export const QUOTA_WINDOW_SECONDS = 24 * 3600

/** How many keys are remembered; what is forgotten comes back from the store. */
const MAX_KEYS = 50_000

/** A statement adds so many keys at most. */
const MAX_BATCH = 1000

/**
 * Makes the quotas of one node. Drawing costs no query: what is drawn is handed in together, and until then this node goes
 * by the last sum and its own count. So all nodes together can give out more than the quota, by what each gives out
 * between two sharings. While the store is away this node's own count goes on.
 *
 * @param max most draws of a key in a window.
 * @param now epoch seconds.
 */
export function createQuota(max: number, store: QuotaStore, now: () => number): Quota {
  const sums = new LRUCache<string, { used: number }>({ max: MAX_KEYS })
  let pending = new Map<string, number>()
  let windowStart = startOfWindow(now())
  let dropped = false

  /** What is left of a window that is over decides nothing any more. */
  const enterWindow = () => {
    const start = startOfWindow(now())
    if (start === windowStart) return
    windowStart = start
    dropped = false
    sums.clear()
    pending.clear()
  }

  const add = (keyId: string, used: number) => {
    const before = pending.get(keyId)
    if (before !== undefined || pending.size < MAX_KEYS) pending.set(keyId, (before ?? 0) + used)
  }

  /** @returns whether the store took it. */
  const shareBatch = async (batch: readonly (readonly [string, number])[]): Promise<boolean> => {
    const start = windowStart
    try {
      const kept = await store.addQuotaUses(
        batch.map(([keyId, used]) => ({ keyId, windowStart: start, used })),
      )
      if (start !== windowStart) return true
      for (const { keyId, used } of kept) sums.set(keyId, { used: used + (pending.get(keyId) ?? 0) })
      return true
    } catch {
      return false
    }
  }

  return {
    draw(keyId) {
      enterWindow()
      const sum = sums.get(keyId)
      if (sum === undefined) sums.set(keyId, { used: 1 })
      else if (sum.used >= max) return windowStart + QUOTA_WINDOW_SECONDS - now()
      else sum.used += 1
      add(keyId, 1)
      return 0
    },
    async share() {
      enterWindow()
      // In one order on all nodes: two statements that lock the same rows in different orders would block each other.
      const uses = [...pending].sort(([one], [other]) => (one < other ? -1 : 1))
      pending = new Map()
      const start = windowStart
      for (let from = 0; from < uses.length; from += MAX_BATCH) {
        if (await shareBatch(uses.slice(from, from + MAX_BATCH))) continue
        // Whoever asks the store for keys says that it is away; the next sharing hands in all that is left.
        if (start === windowStart) for (const [keyId, used] of uses.slice(from)) add(keyId, used)
        return
      }
      if (dropped || uses.length === 0) return
      dropped = true
      await store.dropQuotas(windowStart - QUOTA_WINDOW_SECONDS).catch(() => {})
    },
  }
}

function startOfWindow(now: number): number {
  return now - (now % QUOTA_WINDOW_SECONDS)
}
