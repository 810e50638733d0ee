import type { Config } from '../../config.ts'
import { type Admission, createAdmission } from '../../limits/admission.ts'
import { createKeyLimits, type KeyLimits } from '../../limits/key-limits.ts'
import { type LoopWatch, watchLoop } from '../../limits/loop-watch.ts'
import { createQuota, type QuotaStore } from '../../limits/quota.ts'
import { keepSharing } from '../../limits/share-quota.ts'
import type { Runtime } from '../../runtime.ts'

/** What holds clients, keys and the process itself within bounds. */
export interface Limits {
  readonly admission: Admission
  readonly keys: KeyLimits
  /** Begins to look at the event loop, which stands still now and then while the service starts. */
  watchLoop(): void
  /** @throws {ApiError} `ih1003` for a while after the event loop stood still. */
  refuseStuck(): void
  /** Hands in the last counts. */
  close(): Promise<void>
}

/** Opens the limits that the settings ask for; what they do not ask for is not counted. */
export function openLimits(
  config: Config,
  store: QuotaStore,
  runtime: Pick<Runtime, 'now' | 'monotonicMs'>,
): Limits {
  const { keyTokensPerDay } = config
  const quota = keyTokensPerDay === 0 ? undefined : createQuota(keyTokensPerDay, store, () => runtime.now())
  const stopSharing = quota === undefined ? undefined : keepSharing(quota)
  let loop: LoopWatch | undefined
  return {
    admission: createAdmission(config, () => runtime.monotonicMs()),
    keys: createKeyLimits(config.keyRequestsPerMinute, quota),
    watchLoop() {
      loop = watchLoop(() => runtime.monotonicMs())
    },
    refuseStuck: () => loop?.refuseStuck(),
    async close() {
      loop?.close()
      await stopSharing?.()
    },
  }
}
