import type { Lease } from '../change.ts'
import type { Store } from '../store/store.ts'

/** How often the leases are read, in milliseconds. */
const LOOK_MS = 25

/** Who hears of changes, by how far they are. */
export interface InForce {
  /** Where the revision is in force. */
  readonly reached: readonly Lease[]
  /** Where it is not, although the lease lives. */
  readonly missing: readonly Lease[]
}

/** What waiting needs from outside. */
export interface WaitContext {
  readonly store: Pick<Store, 'listLeases'>
  readonly timeoutMs: number
  /** Milliseconds of a clock that never goes back. */
  monotonicMs(): number
  sleep(ms: number): Promise<void>
}

/**
 * Waits until a revision is in force at every node and every verifier that has a living lease, or until the time is over.
 * Who is gone holds nobody up: its lease ends, and so does what it may serve without its database.
 *
 * @throws {StoreUnavailableError}
 * @see Our contract, section 6
 */
export async function waitUntilInForce(revision: number, context: WaitContext): Promise<InForce> {
  const { store, timeoutMs, monotonicMs, sleep } = context
  const endMs = monotonicMs() + timeoutMs
  for (;;) {
    const leases = await store.listLeases()
    const missing = leases.filter((lease) => lease.revision < revision)
    const reached = leases.filter((lease) => lease.revision >= revision)
    if (missing.length === 0 || monotonicMs() >= endMs) return { reached, missing }
    await sleep(LOOK_MS)
  }
}
