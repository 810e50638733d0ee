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
export interface ChangeWatch {
  /** The last revision that every listener has been told of. */
  readonly revision: number
  /** Which store it is of. */
  readonly epoch: string
  /** When the database was last seen, in epoch milliseconds of its own clock. */
  readonly seenAtMs: number
  /** The time now by the clock of the database, in epoch milliseconds, carried on by the monotonic clock. */
  nowMs(): number
  /** How far this machine's clock is ahead of the database's, in milliseconds, at the last reading. */
  readonly clockOffsetMs: number
  /**
   * How long ago the last reading that succeeded was begun, in milliseconds: by the clock that says more, since one stands
   * still while a machine sleeps and the other can be set back.
   */
  ageMs(): number
  /** Whether that is longer than {@link MAX_STALENESS_MS}: then nothing may be answered from what is remembered. */
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
  #kept: readonly Change[] = []
  #hearing: Hearing | undefined
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> | undefined
  #next: Promise<void> | undefined
  #nextRenews = false
  #readAtMs = Number.NEGATIVE_INFINITY
  #readAtWallMs = Number.NEGATIVE_INFINITY
  #failing = false
  #closed = false
  revision = 0
  epoch = ''
  seenAtMs = 0
  clockOffsetMs = 0

  constructor(dependencies: ChangeWatchDependencies) {
    this.#dependencies = dependencies
    this.#leases = new LeaseKeeper({ ...dependencies, onDue: () => this.#renewSoon() })
  }

  async start(): Promise<void> {
    await this.#read(false)
    this.#hearing = this.#dependencies.store.hearChanges(() => this.#wake())
    this.#schedule(0)
  }

  nowMs(): number {
    return this.seenAtMs + this.#dependencies.monotonicMs() - this.#readAtMs
  }

  ageMs(): number {
    const { monotonicMs, wallMs } = this.#dependencies
    return Math.max(monotonicMs() - this.#readAtMs, wallMs() - this.#readAtWallMs)
  }

  isStale(): boolean {
    return this.ageMs() > MAX_STALENESS_MS
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
    return this.#ask(false)
  }

  /** One reading at a time; who asks while one is under way waits for the next, which all who ask share. */
  #ask(renews: boolean): Promise<void> {
    if (this.#reading === undefined) return this.#run(renews)
    this.#nextRenews ||= renews
    this.#next ??= this.#reading.then(
      () => this.#runNext(),
      () => this.#runNext(),
    )
    return this.#next
  }

  holdLease(lease: Lease): HeldLease {
    return this.#leases.hold(lease)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#hearing?.close()
    await this.#next?.catch(() => {})
    await this.#reading?.catch(() => {})
    await this.#leases.close()
  }

  #runNext(): Promise<void> {
    const renews = this.#nextRenews
    this.#next = undefined
    this.#nextRenews = false
    return this.#run(renews)
  }

  #run(renews: boolean): Promise<void> {
    this.#reading = this.#read(renews).finally(() => {
      this.#reading = undefined
    })
    return this.#reading
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
      await this.#ask(true)
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
    const { store, monotonicMs, wallMs } = this.#dependencies
    const leases = renews ? this.#leases.takeDue(this.revision) : []
    const renewal = leases.length === 0 ? undefined : { epoch: this.epoch, leases }
    const startedAtMs = monotonicMs()
    const startedAtWallMs = wallMs()
    let reading = await store.readChanges(this.epoch === '' ? null : this.revision, renewal)
    const reset =
      reading.epoch !== this.epoch ||
      reading.revision < this.revision ||
      reading.databaseTimeMs - this.seenAtMs > MAX_GAP_MS
    if (reset && this.epoch !== '') reading = await store.readChanges(null)
    this.#readAtMs = startedAtMs
    this.#readAtWallMs = startedAtWallMs
    this.seenAtMs = reading.databaseTimeMs
    this.clockOffsetMs = startedAtWallMs + (monotonicMs() - startedAtMs) / 2 - reading.databaseTimeMs
    this.#failing = false
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
