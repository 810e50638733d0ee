import type { Lease } from './change.ts'

/** How often leases are renewed that did not change, in milliseconds. */
const RENEW_MS = 1_000

/** What keeping leases needs from outside. */
export interface LeaseKeeperDependencies {
  readonly store: {
    endLease(holder: string): Promise<void>
  }
  /** This process among those who hear of changes. */
  readonly node: Pick<Lease, 'holder' | 'name'>
  /** Milliseconds of a clock that never goes back. */
  monotonicMs(): number
  /** Called when a lease is to be renewed before its time. */
  onDue(): void
}

/** A checker of tokens that is connected here: its lease is renewed with the node's own until `release` is called. */
export interface HeldLease {
  /** Says that a revision is in force there; renewed soon. */
  acknowledge(revision: number): void
  release(): void
}

/** The lease of this process, and those of the checkers that are connected to it. */
export class LeaseKeeper {
  readonly #dependencies: LeaseKeeperDependencies
  readonly #held = new Map<string, Lease>()
  #takenAtMs = Number.NEGATIVE_INFINITY
  #isDue = true

  constructor(dependencies: LeaseKeeperDependencies) {
    this.#dependencies = dependencies
  }

  hold(lease: Lease): HeldLease {
    this.#held.set(lease.holder, lease)
    this.renewSoon()
    return {
      acknowledge: (revision) => {
        const held = this.#held.get(lease.holder)
        if (held === undefined || held.revision >= revision) return
        this.#held.set(lease.holder, { ...held, revision })
        this.renewSoon()
      },
      release: () => {
        this.#held.delete(lease.holder)
        void this.#dependencies.store.endLease(lease.holder).catch(() => {})
      },
    }
  }

  renewSoon(): void {
    this.#isDue = true
    this.#dependencies.onDue()
  }

  /**
   * Takes what is to be renewed now: all of it, or nothing before its time.
   *
   * @param revision what is in force here.
   */
  takeDue(revision: number): readonly Lease[] {
    const { node, monotonicMs } = this.#dependencies
    const now = monotonicMs()
    if (!this.#isDue && now - this.#takenAtMs < RENEW_MS) return []
    this.#isDue = false
    this.#takenAtMs = now
    return [{ ...node, kind: 'node', revision }, ...this.#held.values()]
  }

  /** Ends them all, as far as the store can be reached. */
  async close(): Promise<void> {
    const { store, node } = this.#dependencies
    for (const holder of [node.holder, ...this.#held.keys()]) await store.endLease(holder).catch(() => {})
  }
}
