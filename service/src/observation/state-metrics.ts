import { type Aggregator, Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Change } from '../change.ts'

/** What a node knows of itself, asked for at each scrape. */
export interface ObservedState {
  /** How long ago the key that signs began to, in seconds. */
  signingKeyAgeSeconds?(): number
  /** What it knows of the changes, and hears of them. */
  readonly changes?: {
    ageMs(): number
    readonly clockOffsetMs: number
    nowMs(): number
    subscribe(listener: (changes: readonly Change[], reset: boolean) => void): unknown
  }
  /** How many revocation feeds are open here. */
  feedCount?(): number
  readonly keyCache?:
    | (() => { readonly size: number; readonly hits: number; readonly misses: number })
    | undefined
}

const LAG_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10]

/** Adds the metrics of what is handed in. */
export function watchState(state: ObservedState, registers: Registry[]): void {
  const { signingKeyAgeSeconds, changes, feedCount, keyCache } = state
  const gauge = (name: string, help: string, read: () => number, aggregator: Aggregator = 'max') =>
    new Gauge({
      name: `interhuman_auth_${name}`,
      help,
      aggregator,
      registers,
      collect() {
        this.set(read())
      },
    })
  const counter = (name: string, help: string, labels: string, read: () => Record<string, number>) =>
    new Counter({
      name: `interhuman_auth_${name}`,
      help,
      labelNames: [labels],
      registers,
      collect() {
        this.reset()
        for (const [label, count] of Object.entries(read())) this.labels(label).inc(count)
      },
    })
  if (signingKeyAgeSeconds !== undefined)
    gauge('signing_key_age_seconds', 'How long the signing key has been signing.', signingKeyAgeSeconds)
  if (changes !== undefined) {
    gauge('store_seen_age_seconds', 'How long ago the changes were last read.', () => changes.ageMs() / 1000)
    gauge(
      'clock_offset_seconds',
      'How far the clock of this machine is ahead of that of the database.',
      () => changes.clockOffsetMs / 1000,
    )
    observeLag(changes, registers)
  }
  if (feedCount !== undefined) gauge('feeds', 'Revocation feeds that are open.', feedCount, 'sum')
  if (keyCache !== undefined) {
    gauge('key_cache_entries', 'Keys in the cache.', () => keyCache().size, 'sum')
    counter('key_cache_lookups_total', 'Look-ups in the cache of keys, by result.', 'result', () => {
      const { hits, misses } = keyCache()
      return { hit: hits, miss: misses }
    })
  }
}

/** From the moment a change was written to the one it is in force here, both by the clock of the database. */
function observeLag(changes: NonNullable<ObservedState['changes']>, registers: Registry[]): void {
  const lag = new Histogram({
    name: 'interhuman_auth_revocation_lag_seconds',
    help: 'From the writing of a change to its being in force on this node.',
    buckets: LAG_BUCKETS,
    registers,
  })
  changes.subscribe((heard, reset) => {
    // What was in force before this node began says nothing of its lag.
    if (reset) return
    for (const { writtenAtMs } of heard)
      if (writtenAtMs !== undefined) lag.observe(Math.max(0, changes.nowMs() - writtenAtMs) / 1000)
  })
}
