import type { FeedHeartbeat } from '@interhuman-auth/protocol'

/** How old what a feed has said is, counted from when its node last saw the database. */
export interface FeedAge {
  /** A request for the feed starts; what an earlier connection proved stays proved. */
  readonly open: () => void
  /** A heartbeat came, behind everything that the node had to say before it. */
  readonly hear: (heartbeat: FeedHeartbeat) => void
  /** Milliseconds, 0 or more; infinite before the first heartbeat. */
  readonly read: () => number
}

/**
 * Counts the age by one clock of ours, whatever the time of the node's: how far the two are apart is the smallest
 * difference that a heartbeat showed. The first one of a connection is counted from the start of its request, since it
 * cannot have been sent before. So neither a slow network nor a proxy that holds heartbeats back makes the age too small.
 *
 * @param now milliseconds of a clock of this process.
 * @see Our contract, section 6
 */
export function feedAge(now: () => number): FeedAge {
  let provedUntil = Number.NEGATIVE_INFINITY
  let startedAt = 0
  let offset: number | undefined
  let seenAt = 0

  function knownUntil(): number {
    return offset === undefined ? provedUntil : Math.max(provedUntil, seenAt + offset)
  }

  return {
    open() {
      startedAt = now()
      provedUntil = Math.min(knownUntil(), startedAt)
      offset = undefined
    },
    hear({ seenAtMs, sentAtMs }) {
      // The clock of the node was set back: its heartbeat proves nothing.
      if (seenAtMs > sentAtMs) return
      const difference = offset === undefined ? startedAt : now()
      offset = Math.min(offset ?? Number.POSITIVE_INFINITY, difference - sentAtMs)
      seenAt = seenAtMs
    },
    read: () => Math.max(0, now() - knownUntil()),
  }
}

/**
 * The larger of two ages: by a clock that never goes back and by the wall clock. The first alone may stand still while
 * the machine sleeps, the second alone can be set back.
 */
export function feedAgeByBothClocks(monotonicNow: () => number, now: () => number): FeedAge {
  const ages = [feedAge(monotonicNow), feedAge(now)]
  return {
    open() {
      for (const age of ages) age.open()
    },
    hear(heartbeat) {
      for (const age of ages) age.hear(heartbeat)
    },
    read: () => Math.max(...ages.map((age) => age.read())),
  }
}
