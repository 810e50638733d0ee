import { ERRORS } from '@interhuman-auth/protocol'
import { retryLater } from '../api-error.ts'
import type { Quota } from './quota.ts'
import { createRateLimit, refuseWaiting } from './rate-limit.ts'

/** What a key is held to. It counts only what came with the right secret, so that nobody else can use it up. */
export interface KeyLimits {
  /** Counts a request. @throws {ApiError} `ih3001` */
  admitKey(keyId: string): Promise<void> | undefined
  /** Counts a token that is about to be issued. @throws {ApiError} `ih3003` */
  drawQuota(keyId: string): void
}

/** Makes the limits of keys; without a quota no token is counted. */
export function createKeyLimits(requestsPerMinute: number, quota: Quota | undefined): KeyLimits {
  const rate = createRateLimit(requestsPerMinute)
  return {
    admitKey: (keyId) => rate?.count(keyId).then(refuseWaiting),
    drawQuota(keyId) {
      const waitSeconds = quota?.draw(keyId) ?? 0
      if (waitSeconds > 0) throw retryLater(ERRORS.quotaUsedUp, waitSeconds)
    },
  }
}
