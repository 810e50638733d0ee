import { describe, expect, test } from 'vitest'
import {
  AccessToken,
  fromApiKey,
  fromBackend,
  type ReuseEvent,
  readToken,
  requestToken,
  reuse,
  type TokenRequestInit,
  TransportError,
} from '../src/index.ts'
import { everythingOf } from './support/everything-of.ts'

// Nothing that this package makes shows a secret or a token, whatever a server answers or a fetch throws.

const SECRET = 'ih_live_LEAKsecret0000000000000000000000000000000000000'
const TOKEN = 'LEAK.token'
const key = {
  keyId: 'ihk_public',
  keySecret: SECRET,
  scopes: ['interhumanai.upload'],
  apiUrl: 'https://api.example',
}
const grant = { access_token: TOKEN, token_type: 'Bearer', expires_in: 900, scope: 'interhumanai.upload' }

test('the search finds what is there to be found', () => {
  for (const shown of [
    new Error(SECRET),
    { a: { b: [SECRET] } },
    new Error('x', { cause: { data: SECRET } }),
    [SECRET],
    SECRET,
  ])
    expect(everythingOf(shown)).toContain('LEAK')
})

const clean = (value: unknown) => expect(everythingOf(value)).not.toContain('LEAK')
const faultOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (fault: unknown) => fault,
  )

const echo = JSON.stringify({ key_id: 'ihk_public', key_secret: SECRET })
const echoes: [string, () => Response][] = [
  ['in the body', () => new Response(echo, { status: 401 })],
  ['in a body that is cut', () => new Response(echo.slice(0, -1), { status: 200 })],
  [
    'in a header',
    () => new Response('', { status: 500, headers: { 'X-Correlation-ID': SECRET, 'Retry-After': SECRET } }),
  ],
  ['in the status text', () => new Response('', { status: 400, statusText: SECRET })],
  [
    'in every field of an error',
    () =>
      new Response(
        JSON.stringify({
          error_id: SECRET,
          correlation_id: SECRET,
          link: SECRET,
          message: SECRET,
          detail: SECRET,
          extra: { [SECRET]: SECRET },
          status_code: SECRET,
        }),
        { status: 422 },
      ),
  ],
  [
    'beside an id that is one',
    () =>
      new Response(JSON.stringify({ error_id: 'ih2001', correlation_id: SECRET, message: SECRET }), {
        status: 401,
      }),
  ],
  ['as the type of a token', () => new Response(JSON.stringify({ ...grant, token_type: SECRET }))],
  [
    'as a lifetime',
    () => new Response(JSON.stringify({ ...grant, access_token: 'two words', expires_in: SECRET })),
  ],
  [
    'in a redirect',
    () => new Response('', { status: 302, headers: { Location: `https://evil.example/?${SECRET}` } }),
  ],
]

describe.each(echoes)('a server that says the secret back %s', (_, respond) => {
  test.each<[string, () => Promise<unknown>]>([
    ['an exchange', () => fromApiKey({ ...key, fetch: async () => respond() }).getToken()],
    [
      'a reused source',
      () => reuse(fromApiKey({ ...key, fetch: async () => respond() }), { timeoutMs: 50 }).getToken(),
    ],
    ['a backend', () => fromBackend('https://app.example/t', { fetch: async () => respond() }).getToken()],
  ])('makes an error of %s that does not show it', async (_, ask) => {
    clean(await faultOf(ask()))
  })
})

const throwers: [string, unknown][] = [
  [
    'an error that quotes it',
    Object.assign(new TypeError(SECRET), { body: SECRET, config: { data: SECRET } }),
  ],
  [
    'an error with a cause',
    new TypeError('fetch failed', {
      cause: Object.assign(new Error(SECRET), { code: 'ECONNRESET', data: Buffer.from(SECRET) }),
    }),
  ],
  ['an error whose code it is', Object.assign(new Error('x'), { code: SECRET, cause: { code: SECRET } })],
  ['several at once', new AggregateError([new Error(SECRET)], SECRET)],
  ['a text', SECRET],
  ['an object', { request: { body: SECRET } }],
]

describe.each(throwers)('a fetch that throws %s', (_, fault) => {
  test.each<[string, (fetch: () => Promise<never>) => Promise<unknown>]>([
    ['an exchange', (fetch) => fromApiKey({ ...key, fetch }).getToken()],
    ['the strict request', (fetch) => requestToken({ ...key, fetch })],
    ['a backend', (fetch) => fromBackend('https://app.example/t', { fetch }).getToken()],
  ])('makes an error of %s that does not keep it', async (_, ask) => {
    const error = await faultOf(ask(() => Promise.reject(fault)))
    expect(error).toBeInstanceOf(TransportError)
    clean(error)
  })

  test('while the body arrives: the same', async () => {
    const response = { status: 200, headers: new Headers(), text: () => Promise.reject(fault) }
    clean(await faultOf(readToken(response)))
  })
})

test('a source, a reused source and a token show nothing of what they hold', async () => {
  const fetch = async (_url: string, _init: TokenRequestInit) => new Response(JSON.stringify(grant))
  const source = fromApiKey({ ...key, fetch })
  const reused = reuse(source)
  const token = await reused.getToken()
  expect(token.value).toBe(TOKEN)
  for (const made of [source, reused, fromBackend('https://app.example/t', { fetch }), token, [token]])
    clean(made)
  expect(Object.isFrozen(source) && Object.isFrozen(reused)).toBe(true)
})

test('events show nothing, and their fingerprint is not made of the token', async () => {
  const seen = new Set<string>()
  for (let time = 0; time < 3; time += 1) {
    const events: ReuseEvent[] = []
    const fetch = async () => new Response(JSON.stringify(grant))
    const reused = reuse(fromApiKey({ ...key, fetch }), { onEvent: (event) => events.push(event) })
    await reused.getToken()
    await reused.getToken()
    clean(events)
    for (const event of events) {
      clean(event)
      if (event.fingerprint) seen.add(event.fingerprint)
    }
  }
  // One token, kept three times: three names.
  expect(seen.size).toBe(3)
})

test.each([
  [{ keySecret: { LEAK: 1 } }],
  [{ keyId: '', keySecret: SECRET }],
  [{ apiUrl: `https://user:${SECRET}@api.example` }],
  [{ apiUrl: SECRET }],
  [{ apiUrl: `http://api.example/${SECRET}` }],
  [{ apiVersion: SECRET }],
  [{ scopes: [SECRET, 5] }],
  [{ scopes: SECRET }],
  [{ timeoutMs: SECRET }],
])('a caller’s mistake is not repeated: %j', async (mistake) => {
  const options = { ...key, ...mistake, fetch: () => expect.unreachable() } as never
  clean(await faultOf((async () => fromApiKey(options).getToken())()))
  clean(await faultOf(requestToken(options)))
})

test('what a custom source gives that is no AccessToken is not repeated', async () => {
  const lookalike = { value: TOKEN, expiresInSeconds: 900 } as unknown as AccessToken
  const fault = await faultOf(reuse({ getToken: async () => lookalike }).getToken())
  expect(fault).toBeInstanceOf(TypeError)
  clean(fault)
  expect(lookalike instanceof AccessToken).toBe(false)
})
