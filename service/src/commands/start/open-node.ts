import { hostname } from 'node:os'
import { ERRORS } from '@interhuman-auth/protocol'
import { ApiError } from '../../api-error.ts'
import { type ChangeWatch, watchChanges } from '../../change-watch.ts'
import type { Config } from '../../config.ts'
import { cacheKeys, type KeyCache, type KeyCredentialLookups } from '../../key-cache.ts'
import { type CheckLookUps, rememberChecks } from '../../remember-checks.ts'
import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import { StoreUnavailableError } from '../../store/store-error.ts'

/** How far the clock of a node may be off its database's, in milliseconds (our contract, section 3). */
const MAX_CLOCK_OFFSET_MS = 2_000

/** What a running process of the service knows of its store. */
export interface Node {
  readonly watch: ChangeWatch
  /** The hot look-ups: remembered with PostgreSQL, asked of the file with SQLite. */
  readonly keys: KeyCredentialLookups
  /** The other look-ups of whoever checks tokens, likewise. */
  readonly checks: CheckLookUps
  /** `undefined` with SQLite. */
  readonly keyCache: KeyCache | undefined
  /** @throws {StoreUnavailableError} where this process has not heard of changes lately, and what it knows is remembered. */
  refuseStale(): void
  /** Epoch seconds: the database's where there is one to ask. */
  now(): number
  /** @throws where no token can be issued now. */
  ready(): Promise<void>
}

/** What opening needs from outside. */
export interface NodeDependencies {
  readonly store: Store
  readonly runtime: Pick<Runtime, 'now' | 'newUuid' | 'monotonicMs' | 'wallMs'>
  onWatchFailure(error: unknown): void
}

/**
 * Begins to watch a store.
 *
 * @throws {StoreUnavailableError}
 */
export async function openNode(
  config: Pick<Config, 'databaseUrl' | 'keyCacheSize'>,
  { store, runtime, onWatchFailure }: NodeDependencies,
): Promise<Node> {
  const watch = await watchChanges({
    store,
    node: { holder: runtime.newUuid(), name: `${hostname()}:${process.pid}` },
    monotonicMs: () => runtime.monotonicMs(),
    wallMs: () => runtime.wallMs(),
    onFailure: onWatchFailure,
  })
  if (config.databaseUrl === null)
    return {
      watch,
      keys: store,
      checks: store,
      keyCache: undefined,
      refuseStale: () => {},
      now: () => runtime.now(),
      ready: () => store.ping(),
    }
  const keyCache = cacheKeys(store, watch, config.keyCacheSize)
  return {
    watch,
    keys: keyCache,
    checks: rememberChecks(store, watch),
    keyCache,
    refuseStale() {
      if (watch.isStale()) throw new StoreUnavailableError('the database has not been reached')
    },
    now: () => Math.floor(watch.nowMs() / 1000),
    async ready() {
      if (watch.isStale()) await watch.freshen()
      if (Math.abs(watch.clockOffsetMs) > MAX_CLOCK_OFFSET_MS) throw new ApiError(ERRORS.unavailable)
    },
  }
}
