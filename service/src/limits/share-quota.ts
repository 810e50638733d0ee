import type { Quota } from './quota.ts'

/** How often a node hands in what was drawn from quotas and takes back the sums, in milliseconds. */
export const SHARE_INTERVAL_MS = 1000

/** Shares a quota from time to time, one sharing after the other. @returns what ends it with a last sharing. */
export function keepSharing(quota: Quota): () => Promise<void> {
  let sharing: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    sharing = sharing.then(() => quota.share())
  }, SHARE_INTERVAL_MS).unref()
  return async function stopSharing() {
    clearInterval(timer)
    await sharing
    await quota.share()
  }
}
