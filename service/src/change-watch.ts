import {
  type Change,
  type ChangeReading,
  type Hearing,
  KEPT_SECONDS,
  type Lease,
  type LeaseRenewal,
  MAX_GAP_MS,
} from './change.ts'
import { type HeldLease, LeaseKeeper, type LeaseKeeperDependencies } from './lease-keeper.ts'
import { createReadingClock, type ReadingClock } from './reading-clock.ts'
import { queueReadings } from './reading-queue.ts'
import { StoreUnavailableError } from './store/store-error.ts'

/** How often the changes are read when nothing is heard, in milliseconds. */
const POLL_MS = 1_000
/** How soon a reading that failed is tried again, in milliseconds. */
const RETRY_MS = 250

/** For how long a node serves from what it knows without reaching its database, in milliseconds. */
export const MAX_STALENESS_MS = 5_000

/** What the watch needs from outside. */
export interface ChangeWatchDependencies extends Omit<LeaseKeeperDependencies, 'onDue'> {
  readonly store: LeaseKeeperDependencies['store'] & {
    readChanges(after: number | null, renewal?: LeaseRenewal): Promise<ChangeReading>
    hearChanges(onHint: () => void): Hearing
  }
  /** The machine's own clock, in epoch milliseconds. */
  wallMs(): number
  /** Told of each reading that failed, once until one succeeds. */
  onFailure(error: unknown): void
}

/**
 * Hears of changes in their order.
 *
 * @param reset whether this is everything in force, and not what came behind the last call: whatever is held is to be
 *   dropped first.
 */
export type ChangeListener = (changes: readonly Change[], reset: boolean) => void

/** What one process knows of the changes. */
export interface ChangeWatch extends Omit<ReadingClock, 'begin' | 'end'> {
  /** The last revision that every listener has been told of. */
  readonly revision: number
  /** Which store it is of. */
  readonly epoch: string
  /**
   * Whether the age is above {@link MAX_STALENESS_MS}, or a change of this process's own could not be read: then nothing may
   * be answered from what is remembered.
   */
  isStale(): boolean
  /**
   * Reads the changes where they are too old, as after a sleep of the machine.
   *
   * @throws {StoreUnavailableError} when they still are, or when the last reading failed already.
   */
  freshen(): Promise<void>
  subscribe(listener: ChangeListener): () => void
  /**
   * Reads now; resolves when a reading that began after the call has been told to every listener.
   *
   * @throws whatever the store throws.
   */
  catchUp(): Promise<void>
  /**
   * Does so for what this process itself has written. Where that fails, all that is known counts as stale until a reading
   * succeeds: nothing is answered by what was before the change.
   *
   * @throws whatever the store throws.
   */
  catchUpWithOwn(): Promise<void>
  holdLease(lease: Lease): HeldLease
  close(): Promise<void>
}

/**
 * Watches the changes of a store: on a hint at once, each second without one. A listener is told of everything in force
 * first; again of a store that was put back from a backup, and where changes may have come and gone unread.
 *
 * @throws whatever the store throws at the first reading.
 */
export async function watchChanges(dependencies: ChangeWatchDependencies): Promise<ChangeWatch> {
  const watch = new Watch(dependencies)
  await watch.start()
  return watch
}

class Watch implements ChangeWatch {
  readonly #dependencies: ChangeWatchDependencies
  readonly #listeners = new Set<ChangeListener>()
  readonly #leases: LeaseKeeper
  readonly #clock: ReadingClock
  readonly #readings = queueReadings((renews) => this.#read(renews))
  #kept: readonly Change[] = []
  #hearing: Hearing | undefined
  #timer: NodeJS.Timeout | undefined
  #failing = false
  #missesOwn = false
  #closed = false
  revision = 0
  epoch = ''

  constructor(dependencies: ChangeWatchDependencies) {
    this.#dependencies = dependencies
    this.#clock = createReadingClock(dependencies)
    this.#leases = new LeaseKeeper({ ...dependencies, onDue: () => this.#renewSoon() })
  }

  async start(): Promise<void> {
    await this.#read(false)
    this.#hearing = this.#dependencies.store.hearChanges(() => this.#wake())
    this.#schedule(0)
  }

  get seenAtMs(): number {
    return this.#clock.seenAtMs
  }

  get clockOffsetMs(): number {
    return this.#clock.clockOffsetMs
  }

  nowMs(): number {
    return this.#clock.nowMs()
  }

  ageMs(): number {
    return this.#clock.ageMs()
  }

  isStale(): boolean {
    return this.#missesOwn || this.ageMs() > MAX_STALENESS_MS
  }

  async freshen(): Promise<void> {
    if (!this.#failing) await this.catchUp().catch((error: unknown) => this.#fail(error))
    if (this.isStale()) throw new StoreUnavailableError('the database has not been reached')
  }

  subscribe(listener: ChangeListener): () => void {
    this.#listeners.add(listener)
    const seconds = this.nowMs() / 1000
    listener(
      this.#kept.filter((change) => change.expiresAt > seconds),
      true,
    )
    return () => this.#listeners.delete(listener)
  }

  async catchUp(): Promise<void> {
    return this.#readings.ask(false)
  }

  async catchUpWithOwn(): Promise<void> {
    try {
      await this.#readings.ask(false)
    } catch (error) {
      // Readings come one after the other: the next that succeeds was begun behind this one.
      this.#missesOwn = true
      throw error
    }
  }

  holdLease(lease: Lease): HeldLease {
    return this.#leases.hold(lease)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#hearing?.close()
    await this.#readings.settled()
    await this.#leases.close()
  }

  #wake(): void {
    if (this.#closed) return
    this.catchUp().catch((error: unknown) => this.#fail(error))
  }

  #schedule(delayMs: number): void {
    if (this.#closed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#poll(), delayMs).unref()
  }

  async #poll(): Promise<void> {
    try {
      await this.#readings.ask(true)
      this.#schedule(POLL_MS)
    } catch (error) {
      this.#fail(error)
      this.#schedule(RETRY_MS)
    }
  }

  #fail(error: unknown): void {
    if (!this.#failing && !this.#closed) this.#dependencies.onFailure(error)
    this.#failing = true
  }

  /** A renewal that failed is due a second later again: the retry in between reads alone, where only that can be done. */
  async #read(renews: boolean): Promise<void> {
    const { store } = this.#dependencies
    const leases = renews ? this.#leases.takeDue(this.revision) : []
    const renewal = leases.length === 0 ? undefined : { epoch: this.epoch, leases }
    const start = this.#clock.begin()
    let reading = await store.readChanges(this.epoch === '' ? null : this.revision, renewal)
    const reset =
      reading.epoch !== this.epoch ||
      reading.revision < this.revision ||
      reading.databaseTimeMs - this.seenAtMs > MAX_GAP_MS
    if (reset && this.epoch !== '') reading = await store.readChanges(null)
    this.#clock.end(start, reading.databaseTimeMs)
    this.#failing = false
    this.#missesOwn = false
    this.#apply(reading, reset)
  }

  #apply({ epoch, revision, changes, databaseTimeMs }: ChangeReading, reset: boolean): void {
    const keptFrom = databaseTimeMs / 1000 - KEPT_SECONDS
    const kept = reset ? [] : this.#kept.filter((change) => change.expiresAt > keptFrom)
    this.#kept = [...kept, ...changes]
    if (changes.length > 0 || reset) for (const listener of this.#listeners) listener(changes, reset)
    const moved = reset || revision !== this.revision
    this.epoch = epoch
    this.revision = revision
    if (moved) this.#leases.renewSoon()
  }

  #renewSoon(): void {
    if (this.#hearing !== undefined) this.#schedule(0)
  }
}
