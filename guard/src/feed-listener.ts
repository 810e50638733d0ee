import {
  type FeedHeartbeat,
  type FeedPosition,
  formatFeedPosition,
  parseFeedPosition,
  parseRevocationEvent,
  type RevocationChange,
  type RevocationEvent,
} from '@interhuman-auth/protocol'
import type { ServerSentEvent } from './event-stream.ts'
import type { FeedAcknowledger } from './feed-acknowledger.ts'
import type { FeedAge } from './feed-age.ts'
import { type FeedTarget, openFeedConnection } from './feed-request.ts'
import { reconnectDelayMs } from './reconnect-delay.ts'
import type { Revocations } from './revocations.ts'

/** What a listener fills, and what it is held to. */
export interface FeedListenerOptions {
  readonly target: FeedTarget
  readonly revocations: Revocations
  readonly age: FeedAge
  readonly acknowledger: FeedAcknowledger
  readonly maxAgeMs: number
  readonly connectTimeoutMs: number
  readonly silenceMs: number
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow: () => number
}

/** A connection that lived so long, in milliseconds, was good: the next one is made soon. */
const STABLE_MS = 5_000
/** At most once in so many milliseconds a connection is given up at half the bound of age. */
const EXCHANGE_EVERY_MS = 60_000
/** How often, in milliseconds, what has ended is dropped. */
const SWEEP_EVERY_MS = 10_000

/**
 * Listens to the feed of our contract, section 6: always has a connection or is about to make one, until it is closed.
 * An event that cannot be read, or for which there is no room, ends the connection and is not counted as applied, so
 * that what is known grows old instead of wrong. Nothing here keeps the process alive, rejects or throws.
 */
export class FeedListener {
  readonly #options: FeedListenerOptions
  readonly #started: { readonly promise: Promise<void>; readonly resolve: () => void }
  #position: FeedPosition | undefined
  #isReady = false
  #isComplete = true
  #detail: string | undefined
  #failures = 0
  #connectedAt = 0
  #exchangedAt = Number.NEGATIVE_INFINITY
  #sweptAt = Number.NEGATIVE_INFINITY
  #isClosed = false
  #timer: NodeJS.Timeout | undefined
  #closeConnection = () => {}

  constructor(options: FeedListenerOptions) {
    this.#options = options
    let resolve = () => {}
    const promise = new Promise<void>((settle) => {
      resolve = settle
    })
    this.#started = { promise, resolve }
    this.#connect()
    setTimeout(resolve, options.connectTimeoutMs).unref()
  }

  /** Resolves with the first heartbeat that counts, when the first connection ends without, or after its time. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  /** Whether the feed is connected and everything that was in force has come. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** False from when an event found no room until what is in force has come anew, and once it is closed. */
  get isComplete(): boolean {
    return this.#isComplete && !this.#isClosed
  }

  /** Up to where everything is applied. */
  get lastEventId(): string | undefined {
    return this.#position === undefined ? undefined : formatFeedPosition(this.#position)
  }

  /** Why the last connection ended, until another one lives. */
  get detail(): string | undefined {
    return this.#detail
  }

  close(): void {
    this.#isClosed = true
    this.#isReady = false
    this.#detail = 'the feed is closed'
    clearTimeout(this.#timer)
    this.#options.acknowledger.end()
    this.#closeConnection()
    this.#started.resolve()
  }

  #connect(): void {
    const { target, connectTimeoutMs, silenceMs, age, monotonicNow } = this.#options
    this.#connectedAt = monotonicNow()
    age.open()
    this.#closeConnection = openFeedConnection({
      ...target,
      position: this.#position,
      connectTimeoutMs,
      silenceMs,
      onEvent: (event) => this.#read(event),
      onEnd: (detail, wasRefused) => this.#reconnect(detail, wasRefused),
    })
  }

  #reconnect(detail: string, wasRefused: boolean): void {
    const lived = this.#isReady && this.#options.monotonicNow() - this.#connectedAt >= STABLE_MS
    this.#failures = lived ? 0 : this.#failures + 1
    this.#isReady = false
    this.#detail = detail
    this.#options.acknowledger.end()
    this.#started.resolve()
    const delayMs = reconnectDelayMs(Math.max(0, this.#failures - 1), wasRefused)
    this.#timer = setTimeout(() => this.#connect(), delayMs).unref()
  }

  #read({ kind, data, id }: ServerSentEvent): void {
    const parsed = parseRevocationEvent(kind, data)
    if ('event' in parsed) this.#take(parsed.event, id)
    else if (parsed.problem === 'malformed') throw new Error('the feed sent an event that cannot be read')
  }

  #take(event: RevocationEvent, id: string | undefined): void {
    if (event.kind === 'heartbeat') {
      this.#hear(event)
      return
    }
    const position = parseFeedPosition(id)
    if (position === undefined) throw new Error('the feed sent an event without its position')
    if (event.kind !== 'ready') this.#apply(event)
    this.#position = position
    if (event.kind === 'ready') this.#begin(event.lease, position)
    else if (this.#isReady) this.#options.acknowledger.applied(position)
  }

  #begin(lease: string, position: FeedPosition): void {
    this.#isReady = true
    this.#isComplete = true
    this.#options.acknowledger.begin(lease, position)
  }

  #apply(change: RevocationChange): void {
    const { revocations, now } = this.#options
    if (revocations.apply(change)) return
    this.#sweep(now())
    if (revocations.apply(change)) return
    this.#isComplete = false
    this.#position = undefined
    throw new Error('the feed says more than there is room for')
  }

  #hear(heartbeat: FeedHeartbeat): void {
    if (!this.#isReady) return
    const { age, maxAgeMs, now, monotonicNow } = this.#options
    age.hear(heartbeat)
    this.#sweep(Math.min(heartbeat.sentAtMs, now()))
    const ageMs = age.read()
    if (ageMs <= maxAgeMs) {
      this.#started.resolve()
      this.#detail = undefined
    }
    const mayExchange = monotonicNow() - this.#exchangedAt >= EXCHANGE_EVERY_MS
    if (ageMs <= (mayExchange ? maxAgeMs / 2 : maxAgeMs)) return
    // Another connection may lead to a node that sees its database, or measure the two clocks anew.
    this.#exchangedAt = monotonicNow()
    throw new Error(`the feed is ${Math.round(ageMs)} ms old though it is connected`)
  }

  #sweep(epochMs: number): void {
    const { revocations, monotonicNow } = this.#options
    if (monotonicNow() - this.#sweptAt < SWEEP_EVERY_MS) return
    this.#sweptAt = monotonicNow()
    revocations.sweep(Math.floor(epochMs / 1000))
  }
}
