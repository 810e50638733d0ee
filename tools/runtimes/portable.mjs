import {
  AccessToken,
  allowSecretInBrowser,
  createFetch,
  fromApiKey,
  RefusalError,
  readToken,
  requestToken,
  reuse,
  TransportError,
  UnexpectedResponseError,
} from '@interhuman-auth/client'
import { requestClientToken, respondWithClientToken } from '@interhuman-auth/client/backend'
import { createTestApi } from '@interhuman-auth/client/testing'
import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'

// What the client promises wherever it runs, without a server, a framework or anything of Node.

const scopes = [UPLOAD_SCOPE]

const PAGE = 'https://app.example/token'

function postOfPage() {
  return new Request(PAGE, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
}

/** @param {unknown} actual @param {unknown} expected */
function equal(actual, expected) {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (left !== right) throw new Error(`${left} is not ${right}`)
}

/** @param {Promise<unknown>} promise */
async function faultOf(promise) {
  try {
    await promise
  } catch (fault) {
    return /** @type {any} */ (fault)
  }
  throw new Error('nothing was thrown')
}

function start() {
  const api = createTestApi()
  const key = api.addKey()
  const source = fromApiKey({
    ...key,
    scopes,
    fetch: api.fetch,
    now: api.clock.now,
    [allowSecretInBrowser]: true,
  })
  return { api, key, source, reused: reuse(source, { clock: api.clock, random: () => 0 }) }
}

/** @type {Record<string, () => Promise<void>>} */
const cases = {
  'an answer is read, and a token hides itself': async () => {
    const { api, key } = start()
    const token = await readToken(
      await requestToken({ ...key, scopes, fetch: api.fetch, [allowSecretInBrowser]: true }),
    )
    equal([token instanceof AccessToken, token.scopes, token.expiresInSeconds], [true, scopes, 900])
    equal([JSON.stringify(token).includes(token.value), String(token).includes(token.value)], [false, false])
  },
  'a page is refused a secret, and nothing else is': async () => {
    const { api, key } = start()
    const strict = () => requestToken({ ...key, scopes, fetch: api.fetch })
    const source = async () => fromApiKey({ ...key, scopes, fetch: api.fetch }).getToken()
    const client = () => requestClientToken({ ...key, fetch: api.fetch })
    const options = { ...key, fetch: api.fetch, grant: () => ({}), allowWithoutOrigin: true }
    const backend = () => respondWithClientToken(postOfPage(), options)
    for (const ask of [strict, source, client, backend])
      if ('document' in globalThis) equal((await faultOf(ask())).message.includes('fromBackend'), true)
      else await ask()
    equal(api.requests.length, 'document' in globalThis ? 0 : 4)
  },
  'a refusal, an odd answer and no answer are three errors': async () => {
    const { api, source } = start()
    api.failNext(403, new Response('<p>'), 'network')
    const refusal = await faultOf(source.getToken())
    equal([refusal instanceof RefusalError, refusal.code, refusal.errorId], [true, 'forbidden', 'ih2003'])
    const odd = await faultOf(source.getToken())
    equal([odd instanceof UnexpectedResponseError, odd.rawBody], [true, '<p>'])
    const none = await faultOf(source.getToken())
    equal([none instanceof TransportError, none.retryable], [true, true])
  },
  'a thousand callers make one exchange, and again when the token is spent': async () => {
    const { api, reused } = start()
    const ask = () => Promise.all(Array.from({ length: 1000 }, () => reused.getToken()))
    equal(new Set(await ask()).size, 1)
    api.clock.advance(899)
    equal(new Set(await ask()).size, 1)
    equal(api.requests.length, 2)
  },
  'sleep ends a token although the monotonic clock stood still': async () => {
    const { api, reused } = start()
    const first = await reused.getToken()
    api.clock.sleep(3600)
    equal((await reused.getToken()) === first, false)
  },
  'the living token is given while a refresh fails': async () => {
    const { api, reused } = start()
    const first = await reused.getToken()
    api.clock.advance(800)
    api.failNext(503)
    equal((await reused.getToken()) === first, true)
    await new Promise((resolve) => setTimeout(resolve, 1))
    equal((await reused.getToken()) === first, true)
    equal(api.requests.length, 2)
  },
  'one waiter that leaves takes nobody along': async () => {
    const { api, reused } = start()
    const release = api.hold()
    const leaving = new AbortController()
    const first = faultOf(reused.getToken({ signal: leaving.signal }))
    const second = reused.getToken()
    leaving.abort(new Error('left'))
    equal((await first).message, 'left')
    release()
    equal((await second) instanceof AccessToken, true)
  },
  'a backend answers what is no POST with 405, and nothing may keep it': async () => {
    const { api, key } = start()
    const options = {
      ...key,
      fetch: api.fetch,
      grant: () => ({}),
      [allowSecretInBrowser]: /** @type {const} */ (true),
    }
    const answer = await respondWithClientToken(new Request(PAGE), options)
    equal([answer.status, answer.headers.get('Cache-Control')], [405, 'no-store'])
    const granted = await respondWithClientToken(postOfPage(), { ...options, allowWithoutOrigin: true })
    equal([granted.status, granted.headers.get('Cache-Control')], [200, 'no-store'])
  },
  'what an init inherits is sent as well': async () => {
    const { api, source } = start()
    const url = 'https://api.interhuman.ai/v0/upload/analyze'
    /** @type {string[][]} */
    const sent = []
    const carry = createFetch(source, {
      async fetch(input, init) {
        const request = new Request(input, init)
        sent.push([request.method, request.headers.get('X-Own') ?? '', await request.clone().text()])
        return api.fetch(request)
      },
    })
    const init = { method: 'PUT', headers: { 'X-Own': '1' }, body: 'text' }
    equal((await carry(url, Object.create(init))).status, 200)
    equal((await carry(url, new Request(url, { ...init, body: null }))).status, 200)
    equal(sent, [
      ['PUT', '1', 'text'],
      ['PUT', '1', ''],
    ])
  },
}

/** @returns {Promise<{ name: string, failure?: string }[]>} */
export async function runPortable() {
  const results = []
  for (const [name, check] of Object.entries(cases)) {
    try {
      await check()
      results.push({ name })
    } catch (error) {
      results.push({ name, failure: String(/** @type {Error} */ (error)?.stack ?? error) })
    }
  }
  return results
}
