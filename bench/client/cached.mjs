// A process of its own: what a cached `getToken` takes beside a promise that is kept, both awaited, in turns.
import { AccessToken, reuse } from '@interhuman-auth/client'

/** @typedef {{ rounds: number, calls: number }} CachedOrder */
/** @typedef {{ bare: number, cached: number }[]} Cached Nanoseconds a call, round by round. */

process.once('message', async (/** @type {CachedOrder} */ order) => {
  process.send?.(await measureCached(order), () => process.disconnect())
})

/** @param {CachedOrder} order @returns {Promise<Cached>} */
async function measureCached({ rounds, calls }) {
  const parts = { value: 'LEAK', raw: '{}', scopes: [], expiresInSeconds: 86_400 }
  const token = new AccessToken({ ...parts, expiresAt: Date.now() / 1000 + 86_400 })
  const tokens = reuse({ getToken: async () => token })
  const kept = Promise.resolve(token)
  const candidates = { bare: () => kept, cached: () => tokens.getToken() }
  for (const call of Object.values(candidates)) await time(call, calls * 5)
  const result = []
  for (let round = 0; round < rounds; round++) {
    const bare = await time(candidates.bare, calls)
    result.push({ bare, cached: await time(candidates.cached, calls) })
  }
  return result
}

/** @param {() => Promise<unknown>} call @param {number} calls */
async function time(call, calls) {
  const started = performance.now()
  for (let index = 0; index < calls; index++) await call()
  return ((performance.now() - started) * 1e6) / calls
}
