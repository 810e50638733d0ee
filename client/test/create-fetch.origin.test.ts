import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFetch, type Fetch } from '../src/index.ts'
import { type ApiAnswer, INVALID_TOKEN, OK, startApi } from './support/bearer-api.ts'
import { countingSource } from './support/counting-source.ts'

const API = 'https://api.interhuman.ai'

/** Where a call sends the token; `undefined` if it does not. */
async function carriedTo(input: string | URL | Request, origins?: readonly string[]) {
  const sent: (string | undefined)[] = []
  const fetch: Fetch = async (to, init) => {
    const request = to instanceof Request ? to : undefined
    const headers = new Headers(init?.headers ?? request?.headers)
    sent.push(headers.has('authorization') ? (request?.url ?? String(to)) : undefined)
    return new Response()
  }
  await createFetch(countingSource(), { fetch, origins })(input)
  expect(sent).toHaveLength(1)
  return sent[0]
}

describe('the token goes', () => {
  test('to the published address if no origin is named', async () => {
    expect(await carriedTo(`${API}/v0/upload/analyze`)).toBe(`${API}/v0/upload/analyze`)
    expect(await carriedTo('http://127.0.0.1:4747/')).toBeUndefined()
  })

  test.each([
    ['HTTPS://API.INTERHUMAN.AI/x', `${API}/x`],
    ['https://api.interhuman.ai:443/x', `${API}/x`],
    [' https:\\\\api.interhuman.ai\\x ', `${API}/x`],
    ['https://api.interhuman.ai?query', `${API}/?query`],
    ['ht\ntps://api.inter\thuman.ai/x', `${API}/x`],
  ])('to its origin however that is written: %j', async (url, sent) => {
    expect(await carriedTo(url)).toBe(sent)
    expect(await carriedTo(new URL(url))).toBe(sent)
    expect(await carriedTo(new Request(url))).toBe(sent)
  })

  test('to each of several origins, an address counting for its origin', async () => {
    const origins = ['https://a.example/base/', 'http://localhost:8080', 'http://[::1]:80']
    for (const url of ['https://a.example/', 'http://localhost:8080/x', 'http://[::1]/'])
      expect(await carriedTo(url, origins)).toBe(url)
    expect(await carriedTo('http://localhost/', origins)).toBeUndefined()
  })
})

test.each([
  'http://api.interhuman.ai/',
  'https://api.interhuman.ai:444/',
  'https://api.interhuman.ai.evil.example/',
  'https://api.interhuman.ai@evil.example/',
  'https://evil.example/https://api.interhuman.ai/',
  'https://evil.example?https://api.interhuman.ai/',
  'https://evil.example#https://api.interhuman.ai/',
  'https://evil.example\\@api.interhuman.ai/',
  'https://xapi.interhuman.ai/',
  'https://interhuman.ai/',
  'https://api.interhuman.ai./',
  'https://api.interhuman.aı/',
  'https://аpi.interhuman.ai/',
  'https://user@api.interhuman.ai/',
  'https://user:LEAK@api.interhuman.ai/',
  'https://:LEAK@api.interhuman.ai/',
  'ftp://api.interhuman.ai/',
  'wss://api.interhuman.ai/',
  'blob:https://api.interhuman.ai/0a5f1b1c-0000-4000-8000-000000000000',
  'data:text/plain,https://api.interhuman.ai/',
])('the token does not go to %j', async (url) => {
  expect(await carriedTo(url)).toBeUndefined()
  expect(await carriedTo(new URL(url))).toBeUndefined()
})

test('the token goes to a URL if that has one of the origins and no user information, whatever the URL', async () => {
  const part = fc.constantFrom(
    ...[
      'https',
      'http',
      ':',
      '//',
      '/',
      '\\',
      '@',
      '?',
      '#',
      '.',
      '%2e',
      '%40',
      ' ',
      '\t',
      '\0',
      ':443',
      ':80',
    ],
    ...[
      'api.interhuman.ai',
      'API.',
      'evil.example',
      'user',
      '127.0.0.1',
      '[::1]',
      'xn--',
      'blob:',
      'é',
      '。',
    ],
  )
  const text = fc
    .tuple(fc.constantFrom('', API, 'https://'), fc.array(part, { maxLength: 8 }))
    .map(([start, parts]) => start + parts.join(''))
    .filter((url) => URL.canParse(url))
  await fc.assert(
    fc.asyncProperty(text, async (url) => {
      const { protocol, host, username, password, href } = new URL(url)
      const isOurs =
        protocol === 'https:' && host === 'api.interhuman.ai' && username === '' && password === ''
      const carried = await carriedTo(url)
      expect(carried && new URL(carried).href).toBe(isOurs ? href : undefined)
    }),
    { numRuns: 500 },
  )
})

test('an object is judged by what is sent, not by a property', async () => {
  const odd = { url: `${API}/`, toString: () => 'https://evil.example/' }
  expect(await carriedTo(odd as unknown as string)).toBeUndefined()
  let reads = 0
  const two = { toString: () => (reads++ === 0 ? `${API}/x` : 'https://evil.example/') }
  expect(await carriedTo(two as unknown as string)).toBe(`${API}/x`)
})

test.each([
  ['a relative one', '/v0', TypeError],
  ['none', '', TypeError],
  ['one with user information', 'https://user:LEAK@api.interhuman.ai', TypeError],
  ['another scheme', 'ftp://api.interhuman.ai', TypeError],
  [
    'plain http to another machine',
    'http://api.interhuman.ai',
    expect.objectContaining({ code: 'insecure_url' }),
  ],
])('an origin that is %s is refused at once, unrepeated', (_, origin, error) => {
  const create = () => createFetch(countingSource(), { origins: [origin] })
  expect(create).toThrow(error as ErrorConstructor)
  expect(create).not.toThrow(/LEAK/)
})

describe('what goes elsewhere', () => {
  test('goes as it is, asks for no token, and its 401 is left alone', async () => {
    const elsewhere = await startApi(() => INVALID_TOKEN)
    const source = countingSource()
    const response = await createFetch(source)(elsewhere.origin, { headers: { Authorization: 'Basic own' } })
    expect([response.status, source.given.length]).toEqual([401, 0])
    expect(elsewhere.seen.map(({ headers }) => headers.authorization)).toEqual(['Basic own'])
  })
})

describe('a redirect', () => {
  /** An API whose `/moved` points at a place, and a second origin. */
  async function redirecting(status: number, elsewhere: ApiAnswer = OK) {
    const other = await startApi(() => elsewhere)
    const api = await startApi(({ path }) => {
      if (path === '/away') return { status, headers: { Location: `${other.origin}/there` } }
      return path === '/near' ? { status, headers: { Location: '/here' } } : OK
    })
    const source = countingSource()
    return { api, other, source, fetchWithToken: createFetch(source, { origins: [api.origin] }) }
  }

  describe.each([301, 302, 303, 307, 308])('%i', (status) => {
    test.each([
      ['a URL', {}],
      ['a POST', { method: 'POST', body: 'a body' }],
    ])('elsewhere is followed without the token: %s', async (_, init) => {
      const { api, other, source, fetchWithToken } = await redirecting(status)
      for (const send of [
        () => fetchWithToken(`${api.origin}/away`, init),
        () => fetchWithToken(new Request(`${api.origin}/away`, init)),
      ]) {
        const response = await send()
        expect([response.status, response.url]).toEqual([200, `${other.origin}/there`])
      }
      expect(api.seen.map(({ headers }) => headers.authorization)).toEqual(
        Array(2).fill(source.authorization()),
      )
      expect(other.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined])
    })

    test('within the origin keeps it', async () => {
      const { api, source, fetchWithToken } = await redirecting(status)
      expect((await fetchWithToken(`${api.origin}/near`)).status).toBe(200)
      expect(api.seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([
        ['/near', source.authorization()],
        ['/here', source.authorization()],
      ])
    })
  })

  test('elsewhere, to a 401, is not repeated', async () => {
    const { api, other, source, fetchWithToken } = await redirecting(302, INVALID_TOKEN)
    expect((await fetchWithToken(`${api.origin}/away`)).status).toBe(401)
    expect([api.seen.length, other.seen.length, source.given.length]).toEqual([1, 1, 1])
  })

  test('is the caller’s if the caller says so', async () => {
    const { api, other, fetchWithToken } = await redirecting(307)
    expect((await fetchWithToken(`${api.origin}/away`, { redirect: 'manual' })).status).toBe(307)
    expect((await fetchWithToken(new Request(`${api.origin}/away`, { redirect: 'manual' }))).status).toBe(307)
    await expect(fetchWithToken(`${api.origin}/away`, { redirect: 'error' })).rejects.toThrow(TypeError)
    expect(other.seen).toEqual([])
  })
})
