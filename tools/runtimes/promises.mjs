import assert from 'node:assert/strict'
import { TOKEN_ENDPOINTS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { KEY } from './exchange.mjs'
import { ODD_BODY } from './upstream.mjs'

// What the strict client promises wherever it runs.

/**
 * @typedef {object} Place
 * @property {Awaited<ReturnType<typeof import('./upstream.mjs').startUpstream>>} upstream
 * @property {(apiUrl: string) => Promise<unknown>} exchange As in exchange.mjs, run in that place.
 */

/**
 * @param {Place} place
 * @returns {Record<string, () => Promise<void>>} Cases by name.
 */
export function clientCases({ upstream, exchange }) {
  return {
    'one POST, and the body comes through byte for byte': async () => {
      upstream.takeRequests()
      assert.deepEqual(await exchange(`${upstream.url}/plain`), { body: [...ODD_BODY] })
      const requests = upstream
        .takeRequests()
        .map((request) => ({ ...request, body: JSON.parse(request.body) }))
      const body = { key_id: KEY.keyId, key_secret: KEY.keySecret, scopes: [UPLOAD_SCOPE] }
      assert.deepEqual(requests, [{ method: 'POST', path: `/plain${TOKEN_ENDPOINTS.v0}`, body }])
    },
    'a redirect is refused and not followed': async () => {
      upstream.takeRequests()
      assert.deepEqual(await exchange(`${upstream.url}/moved`), { code: 'redirect' })
      assert.equal(upstream.takeRequests().length, 1)
    },
  }
}

/**
 * @param {{ guarded: Awaited<ReturnType<typeof import('./protected.mjs').startProtected>>, carry: (url: string) => Promise<any> }} place
 * @returns {Record<string, () => Promise<void>>} Cases by name.
 */
export function carryCases({ guarded, carry }) {
  return {
    'a token is carried by fetch and by a WebSocket': async () => {
      guarded.takeCarriedAway()
      const { away, refused, ...carried } = await carry(`${guarded.url}/carry`)
      assert.deepEqual(carried, {
        string: 200,
        request: 'a body',
        opened: { messages: 3, code: 4000, status: null },
        scopeless: { messages: 1, code: 4003, status: 403 },
      })
      // A Worker hands a redirect back, and only a server is told why a handshake was refused.
      assert.deepEqual([away, guarded.takeCarriedAway()], away === 302 ? [302, []] : [200, [undefined]])
      if (refused.status === null) assert.equal(refused.systemCode, 'CLOSE_1006')
      else assert.deepEqual([refused.name, refused.status], ['RefusalError', 401])
    },
  }
}

/**
 * Runs cases one after another and writes a line of JSON for each: its name, and its failure if there is one.
 *
 * @param {Record<string, () => Promise<void>>} cases
 */
export async function runCases(cases) {
  for (const [name, check] of Object.entries(cases)) {
    const failure = await check().then(
      () => undefined,
      (error) => String(error?.stack ?? error),
    )
    console.log(JSON.stringify({ name, failure }))
  }
}

/**
 * @param {string} prefix
 * @param {Record<string, () => Promise<void>>} cases
 */
export function named(prefix, cases) {
  return Object.fromEntries(Object.entries(cases).map(([name, check]) => [`${prefix}: ${name}`, check]))
}

/**
 * Writes a line of JSON for each result of the portable cases.
 *
 * @param {string} prefix
 * @param {readonly { name: string, failure?: string }[]} results
 */
export function report(prefix, results) {
  for (const { name, failure } of results)
    console.log(JSON.stringify({ name: `${prefix}: ${name}`, failure }))
}
