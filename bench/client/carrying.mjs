// A process of its own: the CPU that a call takes it by `createFetch` and by bare `fetch`, in turns, over kept connections
// to a server that is another process. The bare one sends the same header, so that the same bytes go out.
import { createFetch, fromApiKey, reuse } from '@interhuman-auth/client'

/** @typedef {{ url: string, rounds: number, calls: number, warmUpCalls: number }} CarryingOrder */
/** @typedef {{ name: string, bare: number[], carried: number[] }} Carrying CPU microseconds a call, round by round. */
/** @typedef {(input: string | Request, init?: RequestInit) => Promise<Response>} Send */

const LANES = 8

process.once('message', async (/** @type {CarryingOrder} */ order) => {
  process.send?.(await measureCarrying(order), () => process.disconnect())
})

/** @param {CarryingOrder} order @returns {Promise<Carrying[]>} */
async function measureCarrying({ url, rounds, calls, warmUpCalls }) {
  const key = { keyId: 'ihk_bench', keySecret: 'ih_live_LEAK', scopes: ['interhumanai.upload'] }
  const tokens = reuse(fromApiKey({ ...key, apiUrl: url }))
  const carried = createFetch(tokens, { origins: [url] })
  const authorization = { Authorization: `Bearer ${(await tokens.getToken()).value}` }
  const json = { 'Content-Type': 'application/json' }
  const body = JSON.stringify({ text: 'x'.repeat(1000) })
  const get = `${url}/v0/things`
  /** @param {string} name @param {(send: Send, headers: Record<string, string>) => Promise<Response>} call */
  const kind = (name, call) => ({
    name,
    bare: () => call(fetch, authorization),
    carried: () => call(carried, {}),
  })
  const kinds = [
    kind('URL and options', (send, headers) => send(get, { headers })),
    kind('URL and options, a body of 1 kB', (send, headers) =>
      send(get, { method: 'POST', headers: { ...json, ...headers }, body }),
    ),
    kind('`Request`', (send, headers) => send(new Request(get, { headers }))),
    kind('`Request`, a body of 1 kB', (send, headers) =>
      send(new Request(get, { method: 'POST', headers: { ...json, ...headers }, body })),
    ),
  ]
  /** @type {Carrying[]} */
  const results = kinds.map(({ name }) => ({ name, bare: [], carried: [] }))
  for (const { bare, carried } of kinds) for (const call of [bare, carried]) await cpu(call, warmUpCalls)
  for (let round = 0; round < rounds; round++)
    for (const [index, { bare, carried }] of kinds.entries()) {
      // Who goes second is at a disadvantage now and then, so that changes too.
      const turns = [
        async () => results[index]?.bare.push(await cpu(bare, calls)),
        async () => results[index]?.carried.push(await cpu(carried, calls)),
      ]
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn()
    }
  return results
}

/** @param {() => Promise<Response>} call @param {number} calls */
async function cpu(call, calls) {
  let left = calls
  const lane = async () => {
    while (left-- > 0) {
      const response = await call()
      if (response.status !== 200) throw new Error(`status ${response.status}`)
      await response.arrayBuffer()
    }
  }
  // What others left behind is not swept at this one's expense.
  globalThis.gc?.()
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: LANES }, lane))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}
