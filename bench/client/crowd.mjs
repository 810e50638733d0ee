// A process of its own: 10,000 callers ask at once for a token that is expired. Tells how many exchanges a real server
// counted for that, round by round.
import { fromApiKey, reuse } from '@interhuman-auth/client'

/** @typedef {{ url: string, callers: number, rounds: number }} CrowdOrder */
/** @typedef {{ most: number, fewest: number, tokens: number }} Crowd */

process.once('message', async (/** @type {CrowdOrder} */ order) => {
  process.send?.(await measureCrowd(order), () => process.disconnect())
})

/** @param {CrowdOrder} order @returns {Promise<Crowd>} */
async function measureCrowd({ url, callers, rounds }) {
  let aheadMs = 0
  const clock = {
    now: () => Date.now() + aheadMs,
    monotonicNow: () => performance.now() + aheadMs,
  }
  const key = { keyId: 'ihk_bench', keySecret: 'ih_live_LEAK', scopes: ['interhumanai.upload'] }
  const tokens = reuse(fromApiKey({ ...key, apiUrl: url }), { clock })
  await tokens.getToken()
  const counts = []
  const values = new Set()
  for (let round = 0; round < rounds; round++) {
    aheadMs += 3_600_000
    const before = await countExchanges(url)
    const given = await Promise.all(Array.from({ length: callers }, () => tokens.getToken()))
    counts.push((await countExchanges(url)) - before)
    for (const { value } of given) values.add(value)
  }
  return { most: Math.max(...counts), fewest: Math.min(...counts), tokens: values.size }
}

/** @param {string} url @returns {Promise<number>} */
async function countExchanges(url) {
  return (await (await fetch(`${url}/count`)).json()).exchanges
}
