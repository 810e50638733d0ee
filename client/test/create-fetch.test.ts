import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { AccessToken, createFetch, type Fetch, reuse } from '../src/index.ts'
import { INVALID_TOKEN, startApi } from './support/bearer-api.ts'
import { countingSource } from './support/counting-source.ts'
import { refusalOf, settle, sourceInHand } from './support/source-in-hand.ts'

/** Refuses the tokens of the first exchanges. */
const refuseFirst = (count: number) => {
  const refused = new Set<string>()
  return startApi(({ headers: { authorization = '' } }) => {
    if (refused.size < count) refused.add(authorization)
    return refused.has(authorization) ? INVALID_TOKEN : { status: 200, body: 'fine' }
  })
}

/** An init whose members are all its class's. */
class InitOfGetters {
  get method() {
    return 'POST'
  }
  get headers() {
    return { 'X-Own': '1', authorization: 'Basic LEAK' }
  }
  get body() {
    return 'text'
  }
  get credentials(): RequestCredentials {
    return 'omit'
  }
}

const members = { method: 'POST', headers: { 'X-Own': '1', 'Content-Type': 'a/b' }, body: 'text' } as const
const orphan = () => Object.assign(Object.create(null), members)
const streaming = () => ({ ...members, body: new Blob(['text']).stream(), duplex: 'half' })

/** Inits that are no plain objects, and one that is. */
const odd: (() => RequestInit)[] = [
  () => new Request('https://elsewhere.example/', members),
  () => new InitOfGetters(),
  () => Object.create(members),
  () => Object.create(orphan()),
  orphan,
  () => Object.assign(new (class {})(), streaming()),
]

describe('a request', () => {
  test('is what fetch would have sent, and the token', async () => {
    const api = await startApi()
    const source = countingSource()
    const fetchWithToken: typeof fetch = createFetch(source, { origins: [api.origin] })
    const bare = (input: string | URL | Request, init?: RequestInit) => fetch(input, init)
    const calls: (() => Parameters<Fetch>)[] = [
      () => [api.origin],
      () => [new URL('/path?query=1', api.origin)],
      () => [`${api.origin}/post`, { method: 'POST', body: 'text', headers: { 'X-Own': '1' } }],
      () => [
        `${api.origin}/pairs`,
        {
          headers: [
            ['X-Own', '1'],
            ['X-Own', '2'],
          ],
        },
      ],
      () => [`${api.origin}/headers`, { headers: new Headers({ Accept: 'text/plain' }) }],
      () => [
        new Request(`${api.origin}/request`, { method: 'PUT', body: 'text', headers: { 'X-Own': '1' } }),
      ],
      () => [new Request(`${api.origin}/both`, { headers: { 'X-Own': '1' } }), { headers: { 'X-New': '1' } }],
      () => [
        new Request(`${api.origin}/both`, { method: 'POST', body: 'a' }),
        { body: 'b', method: 'PATCH' },
      ],
      () => [api.origin, null as unknown as RequestInit],
      ...odd.map((init) => (): Parameters<Fetch> => [`${api.origin}/init`, init()]),
      () => [new Request(`${api.origin}/both`, { headers: { 'X-Own': '1' } }), new InitOfGetters()],
    ]
    for (const call of calls) {
      expect((await fetchWithToken(...call())).status).toBe(200)
      await bare(...call())
      const [ours, theirs] = api.seen.splice(0)
      expect(ours).toEqual({
        ...theirs,
        headers: { ...theirs?.headers, authorization: source.authorization() },
      })
    }
    expect(source.given).toHaveLength(1)
  })

  test('has an Authorization header of the caller’s replaced, and nothing of the caller’s is changed', async () => {
    const api = await startApi()
    const source = countingSource()
    const fetchWithToken = createFetch(source, { origins: [api.origin] })
    const headers = new Headers({ authorization: 'Basic LEAK' })
    const init = Object.freeze({ headers })
    const request = new Request(api.origin, init)
    await fetchWithToken(api.origin, init)
    await fetchWithToken(request)
    await fetchWithToken(api.origin, { headers: { AUTHORIZATION: 'Basic LEAK' } })
    expect(api.seen.map((seen) => seen.headers.authorization)).toEqual(Array(3).fill(source.authorization()))
    expect([headers, request.headers].map((each) => each.get('authorization'))).toEqual(
      Array(2).fill('Basic LEAK'),
    )
  })

  test('that the source has no token for is not sent, and rejects with what the source says', async () => {
    const api = await startApi()
    const refusal = refusalOf(403)
    const source = { getToken: () => Promise.reject(refusal) }
    await expect(createFetch(source, { origins: [api.origin] })(api.origin)).rejects.toBe(refusal)
    expect(api.seen).toEqual([])
  })
})

describe('a 401', () => {
  test('on what an init that is no plain object says is repeated with all of that', async () => {
    const api = await refuseFirst(1)
    for (const init of [odd[0], odd[1], odd[2]]) {
      const fetchWithToken = createFetch(countingSource(), { origins: [api.origin] })
      expect((await fetchWithToken(api.origin, init?.())).status).toBe(200)
    }
    const sent = api.seen.map(({ method, headers, body }) => [method, headers['x-own'], body])
    expect(sent).toEqual(Array(4).fill(['POST', '1', 'text']))
  })

  test('that a hundred callers get costs one exchange, and each is served', async () => {
    const api = await refuseFirst(1)
    const source = countingSource()
    const fetchWithToken = createFetch(source, { origins: [api.origin] })
    const answers = await Promise.all(Array.from({ length: 100 }, () => fetchWithToken(api.origin)))
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200))
    expect(source.given).toHaveLength(2)
    expect(api.seen).toHaveLength(200)
  })

  test('for ever is two sends, and the second answer untouched', async () => {
    const api = await startApi(() => INVALID_TOKEN)
    const source = countingSource()
    const response = await createFetch(source, { origins: [api.origin] })(api.origin)
    expect(response.status).toBe(401)
    expect(await response.text()).toBe(INVALID_TOKEN.body)
    expect(api.seen).toHaveLength(2)
    expect(source.given).toHaveLength(2)
  })

  test('for ever costs each call one exchange and one repeat, and nothing loops', async () => {
    const api = await startApi(() => INVALID_TOKEN)
    const source = countingSource()
    const fetchWithToken = createFetch(source, { origins: [api.origin] })
    for (let call = 0; call < 5; call += 1) expect((await fetchWithToken(api.origin)).status).toBe(401)
    expect([api.seen.length, source.given.length]).toEqual([10, 6])
  })

  test('on a token that was replaced meanwhile costs no exchange: the new one is sent', async () => {
    const source = countingSource()
    const tokens = reuse(source)
    const old = await tokens.getToken()
    const api = await startApi(({ headers }) => {
      tokens.drop(old)
      return headers.authorization === `Bearer ${old.value}` ? INVALID_TOKEN : { status: 200 }
    })
    const renewing = {
      calls: 0,
      async getToken() {
        this.calls += 1
        return this.calls === 1 ? old : tokens.getToken()
      },
    }
    const response = await createFetch(renewing, { origins: [api.origin] })(api.origin)
    expect(response.status).toBe(200)
    expect([api.seen.length, source.given.length]).toEqual([2, 2])
  })

  test('that gives no challenge, or one of several, counts as well', async () => {
    for (const headers of [
      {},
      { 'WWW-Authenticate': 'Basic realm="x", Bearer realm="y", error="invalid_token"' },
    ]) {
      const seen: string[] = []
      const api = await startApi((request) => {
        seen.push(request.headers.authorization ?? '')
        return new Set(seen).size === 1 ? { status: 401, headers } : { status: 200 }
      })
      const fetchWithToken = createFetch(countingSource(), { origins: [api.origin] })
      expect((await fetchWithToken(api.origin)).status).toBe(200)
    }
  })

  test('has its body cancelled before the second send', async () => {
    const events: string[] = []
    const refused = new ReadableStream({ cancel: () => void events.push('cancelled') })
    const fetchWithToken = createFetch(countingSource(), {
      async fetch() {
        events.push('sent')
        return events.length === 1 ? new Response(refused, { status: 401 }) : new Response('fine')
      },
    })
    expect(await (await fetchWithToken('https://api.interhuman.ai/')).text()).toBe('fine')
    expect(events).toEqual(['sent', 'cancelled', 'sent'])
  })

  test('whose body is broken is repeated all the same', async () => {
    let sends = 0
    const fetchWithToken = createFetch(countingSource(), {
      async fetch() {
        sends += 1
        const broken = new ReadableStream({ start: (controller) => controller.error(new Error('reset')) })
        return sends === 1 ? new Response(broken, { status: 401 }) : new Response('fine')
      },
    })
    expect((await fetchWithToken('https://api.interhuman.ai/')).status).toBe(200)
  })

  test('after which the source refuses rejects with what that says', async () => {
    const api = await startApi(() => INVALID_TOKEN)
    const source = countingSource()
    const refusal = refusalOf(401)
    const once = {
      getToken: () => (source.given.length === 0 ? source.getToken() : Promise.reject(refusal)),
    }
    await expect(createFetch(once, { origins: [api.origin] })(api.origin)).rejects.toBe(refusal)
    expect(api.seen).toHaveLength(1)
  })

  test.each([
    ['403', { ...INVALID_TOKEN, status: 403 }],
    ['401 for another scheme', { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }],
    ['401 that saw no credential', { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } }],
    ['500', { ...INVALID_TOKEN, status: 500 }],
  ])('%s is left alone', async (_, answer) => {
    const api = await startApi(() => ({ ...answer, body: 'untouched' }))
    const source = countingSource()
    const response = await createFetch(source, { origins: [api.origin] })(api.origin)
    expect([response.status, await response.text()]).toEqual([answer.status, 'untouched'])
    expect([api.seen.length, source.given.length]).toEqual([1, 1])
  })
})

describe('the caller’s abort', () => {
  const places = ['an init', 'a Request', 'a Request as init']
  test.each(places)('ends the wait for the token, by the signal of %s', async (where) => {
    const api = await startApi()
    const source = sourceInHand()
    const controller = new AbortController()
    const { signal } = controller
    const fetchWithToken = createFetch(source, { origins: [api.origin] })
    const call =
      where === 'an init'
        ? fetchWithToken(api.origin, { signal })
        : where === 'a Request'
          ? fetchWithToken(new Request(api.origin, { signal }))
          : fetchWithToken(api.origin, new Request(api.origin, { signal }))
    await settle()
    expect(source.calls).toHaveLength(1)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
    await settle()
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(api.seen).toEqual([])
  })

  test('before the call asks nobody', async () => {
    const source = sourceInHand()
    const call = createFetch(source)('https://api.interhuman.ai/', { signal: AbortSignal.abort() })
    await expect(call).rejects.toMatchObject({ name: 'AbortError' })
    await settle()
    expect(source.calls).toEqual([])
  })

  test('ends the request, and the wait for the second token', async () => {
    const controller = new AbortController()
    const api = await startApi(() => INVALID_TOKEN)
    const source = countingSource()
    const slow = {
      getToken: () => {
        if (source.given.length === 0) return source.getToken()
        controller.abort()
        return new Promise<never>(() => {})
      },
    }
    const call = createFetch(slow, { origins: [api.origin] })(api.origin, { signal: controller.signal })
    await expect(call).rejects.toMatchObject({ name: 'AbortError' })
    expect(api.seen).toHaveLength(1)
  })

  test('of one does not end another’s wait', async () => {
    const api = await startApi()
    const source = sourceInHand()
    const fetchWithToken = createFetch(source, { origins: [api.origin] })
    const controller = new AbortController()
    const [first, second] = [
      fetchWithToken(api.origin, { signal: controller.signal }),
      fetchWithToken(api.origin),
    ]
    await settle()
    controller.abort()
    await expect(first).rejects.toMatchObject({ name: 'AbortError' })
    source.last().give()
    expect((await second).status).toBe(200)
  })
})

test('nothing that it throws shows a token', async () => {
  const source = countingSource()
  const faults: unknown[] = []
  const attempt = async (url: string, init?: RequestInit, fetch?: Fetch) => {
    const options = { origins: [new URL(url).origin], fetch }
    await createFetch(source, options)(url, init).catch((fault) => faults.push(fault))
  }
  const closed = await startApi()
  await closed.close()
  const api = await startApi()
  await attempt(closed.origin)
  await attempt(api.origin, { body: 'a body' })
  await attempt(api.origin, { headers: { bad: '\u0000' } })
  await attempt(api.origin, { mode: 'nonsense' as RequestMode })
  await attempt(api.origin, { signal: AbortSignal.abort() })
  const odd = new AccessToken({
    value: 'LEAK\n\u0000é',
    raw: '',
    scopes: [],
    expiresInSeconds: 9,
    expiresAt: 0,
  })
  await createFetch(
    { getToken: async () => odd },
    { origins: [closed.origin] },
  )(closed.origin).catch((fault) => faults.push(fault))
  expect(faults).toHaveLength(6)
  for (const fault of faults)
    for (const text of [inspect(fault, { depth: 10, showHidden: true }), String((fault as Error).stack)])
      expect(text).not.toContain('LEAK')
})
