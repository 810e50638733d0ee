import { createTestApi } from '@interhuman-auth/client/testing'
import { PROTECTED_RESOURCES, SCOPES, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RunningGuard, startGuard } from './support/start-guard.ts'
import { type RunningService, startService, waitUntil } from './support/start-service.ts'

// The same requests to the real service and to the one that users have in their tests: one contract, one answer.

let service: RunningService
const testApi = createTestApi()

beforeAll(async () => {
  service = await startService()
})
afterAll(async () => {
  await service.stop()
})

interface Sent {
  readonly method?: string
  readonly contentType?: string | undefined
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined
}

/** An answer without what differs from one to the next: ids, tokens, and the address of the error page. */
async function shapeOf(response: Response) {
  const text = await response.text()
  const names = ['allow', 'cache-control', 'content-type', 'www-authenticate', 'retry-after']
  return {
    status: response.status,
    headers: Object.fromEntries(names.map((name) => [name, response.headers.get(name)])),
    body: text
      .replace(/"(access_token|token_id)":"[^"]+"/g, '"$1":"…"')
      .replace(/"expires_at":\d{10}\b/, '"expires_at":…')
      .replaceAll(response.headers.get('x-correlation-id') ?? 'absent', '…')
      .replace(/"link":"[^"]*\/errors#/, '"link":"…#'),
  }
}

function send(fetch: typeof globalThis.fetch, url: string, sent: Sent): Promise<Response> {
  const { method = 'POST', contentType = 'application/json', body } = sent
  return fetch(url, {
    method,
    headers: contentType === '' ? {} : { 'Content-Type': contentType },
    body: body ?? null,
  })
}

async function expectAgreement(path: string, sentTo: (key: { keyId: string; keySecret: string }) => Sent) {
  const real = await send(fetch, service.url + path, sentTo(service))
  const key = testApi.addKey()
  const test = await send(testApi.fetch as typeof fetch, `https://api.interhuman.ai${path}`, sentTo(key))
  expect(await shapeOf(test)).toEqual(await shapeOf(real))
}

const good = (key: { keyId: string; keySecret: string }) => ({
  key_id: key.keyId,
  key_secret: key.keySecret,
  scopes: [UPLOAD_SCOPE],
})

describe.each(['/v0/auth', '/v1/auth'])('%s', (path) => {
  const changes: [string, object][] = [
    ['a good request', {}],
    ['both scopes, one twice', { scopes: [...SCOPES, UPLOAD_SCOPE] }],
    ['a field that nobody knows', { extra: 1 }],
    ['no id', { key_id: undefined }],
    ['no secret', { key_secret: undefined }],
    ['no scopes', { scopes: undefined }],
    ['an empty id', { key_id: '' }],
    ['an id that is a number, and a secret that is null', { key_id: 1, key_secret: null }],
    ['scopes as text', { scopes: STREAM_SCOPE }],
    ['no scope', { scopes: [] }],
    ['an unknown scope, and a number', { scopes: [UPLOAD_SCOPE, 'interhumanai.admin', 5] }],
    ['twelve unknown scopes', { scopes: Array.from({ length: 12 }, (_, index) => `x${index}`) }],
    ['a wrong secret', { key_secret: 'LEAK' }],
    ['an unknown id', { key_id: 'ihk_LEAK' }],
  ]
  test.each(changes)('%s', async (_, change) => {
    await expectAgreement(path, (key) => ({ body: JSON.stringify({ ...good(key), ...change }) }))
  })

  const bodies: [string, Sent][] = [
    ['no content type', { contentType: '', body: new TextEncoder().encode('{}') }],
    ['a form', { contentType: 'application/x-www-form-urlencoded', body: '{}' }],
    ['a charset', { contentType: 'application/json; charset=latin1', body: '{}' }],
    ['no body', {}],
    ['no JSON', { body: '{' }],
    ['a byte-order mark', { body: '\uFEFF{}' }],
    ['bytes that are not UTF-8', { body: new Uint8Array([0x22, 0xff, 0x22]) }],
    ['a list', { body: '[]' }],
    ['null', { body: 'null' }],
    ['16 KiB and a byte', { body: `{"a":"${'a'.repeat(16_377)}"}` }],
    ['GET', { method: 'GET' }],
    ['DELETE', { method: 'DELETE' }],
  ]
  test.each(bodies)('%s', async (_, sent) => {
    await expectAgreement(path, () => sent)
  })
})

const ORIGIN = 'https://app.example.com'
const ISSUER = 'http://127.0.0.1:4747'
const asOneString = { key_id: undefined, key_secret: undefined }

/** What can be wrong with the API key, and with the bodies, is the same for both. */
const KEY_CHANGES: [string, object][] = [
  ['a field that nobody knows', { extra: 1 }],
  ['no id', { key_id: undefined }],
  ['no secret', { key_secret: undefined }],
  ['no key', asOneString],
  ['an empty id, and a secret that is null', { key_id: '', key_secret: null }],
  ['a key as one string that is none', { ...asOneString, api_key: 'LEAK' }],
  ['a key as one string that is a number', { ...asOneString, api_key: 5 }],
  ['a key in both forms', { api_key: 'LEAK' }],
  ['a key in one form and half of the other', { api_key: 5, key_id: undefined }],
  ['a wrong secret', { key_secret: 'LEAK' }],
  ['an unknown id', { key_id: 'ihk_LEAK' }],
]
const BODIES: [string, Sent][] = [
  ['a form', { contentType: 'application/x-www-form-urlencoded', body: '{}' }],
  ['no JSON', { body: '{' }],
  ['a list', { body: '[]' }],
  ['GET', { method: 'GET' }],
]

describe('/v1/client_tokens', () => {
  const path = '/v1/client_tokens'
  const caps = { max_duration_seconds: 1, max_bytes: 2, max_concurrent: 3, max_video_seconds: 4 }
  const changes: [string, object][] = [
    ...KEY_CHANGES,
    ['nothing but the key', {}],
    ['every cap', { ...caps, allowed_origins: [ORIGIN, 'http://[::1]:5173', ORIGIN] }],
    ['both scopes, one twice', { scopes: [...SCOPES, UPLOAD_SCOPE] }],
    ['an unknown scope, and a number', { scopes: [UPLOAD_SCOPE, 'interhumanai.admin', 5] }],
    ['no scope', { scopes: [] }],
    ['a short life', { expires_in: -1e300 }],
    ['a long life', { expires_in: 1e300 }],
    ['a life of a part of a second', { expires_in: 90.9 }],
    ['a life that is text', { expires_in: '300' }],
    ['a life that is null', { expires_in: null }],
    ['caps of other types', { max_duration_seconds: null, max_bytes: '5', max_concurrent: 1.5 }],
    ['caps out of bounds', { max_bytes: 0, max_concurrent: -1e300, max_video_seconds: 1e300 }],
    ['origins that are no list', { allowed_origins: ORIGIN }],
    ['no origin', { allowed_origins: [] }],
    ['origins of every wrong kind', { allowed_origins: [1, '', '*', `${ORIGIN}/`, ORIGIN.toUpperCase()] }],
    ['more odd origins', { allowed_origins: [`${ORIGIN}:443`, 'null', 'ws://a', 'http://127.1', ORIGIN] }],
    ['an origin that is long', { allowed_origins: [`https://${'a.'.repeat(100)}example.com`] }],
    ['an origin that is long and none', { allowed_origins: ['x'.repeat(201)] }],
    ['eleven origins', { allowed_origins: Array(11).fill(ORIGIN) }],
    ['eleven that are none', { allowed_origins: Array(11).fill('x') }],
    [
      'all wrong at once',
      { api_key: 1, key_id: 1, scopes: 1, expires_in: '', max_bytes: 0, allowed_origins: 1 },
    ],
  ]
  test.each(changes)('%s', async (_, change) => {
    await expectAgreement(path, (key) => ({
      body: JSON.stringify({ ...good(key), scopes: undefined, ...change }),
    }))
  })
  test.each(BODIES)('%s', async (_, sent) => {
    await expectAgreement(path, () => sent)
  })
  test('a key as one string', async () => {
    await expectAgreement(path, ({ keySecret }) => ({ body: JSON.stringify({ api_key: keySecret }) }))
  })
})

describe('/v1/client_tokens/revoke', () => {
  const path = '/v1/client_tokens/revoke'
  const changes: [string, object][] = [
    ...KEY_CHANGES,
    ['an id that nobody knows', {}],
    ['a token that is none', { token_id: undefined, token: 'LEAK' }],
    ['neither', { token_id: undefined }],
    ['both', { token: 'LEAK' }],
    ['both, of other types', { token: 1, token_id: '' }],
    ['both, and a key in both forms', { token: 'LEAK', api_key: 'LEAK' }],
  ]
  test.each(changes)('%s', async (_, change) => {
    await expectAgreement(path, (key) => ({
      body: JSON.stringify({ ...good(key), token_id: 'LEAK', ...change }),
    }))
  })
  test.each(BODIES)('%s', async (_, sent) => {
    await expectAgreement(path, () => sent)
  })
})

describe('a protected resource, as a guard before it answers', () => {
  let guard: RunningGuard
  let api: ReturnType<typeof createTestApi>
  beforeAll(async () => {
    guard = await startGuard(service, ISSUER)
  })
  beforeEach(() => {
    api = createTestApi()
  })
  afterAll(() => guard.close())

  const UPLOAD = '/v1/upload/analyze'
  /** The same of both sides: the real one first. */
  type Both = readonly [real: string, test: string]
  interface Asked {
    readonly path?: string
    readonly method?: string
    /** `undefined` leaves the header out. */
    readonly authorization?: Both | undefined
    readonly origin?: string
  }
  const asTestApi = (...[path, init]: Parameters<typeof fetch>) => api.fetch(`https://x.example${path}`, init)

  /** What both answer, which is the same: its status and error id. */
  async function agreed({ path = UPLOAD, method = 'POST', authorization, origin }: Asked): Promise<string> {
    const shapes = await Promise.all(
      [0, 1].map(async (side) => {
        const headers = new Headers(origin === undefined ? {} : { Origin: origin })
        const value = authorization?.[side as 0 | 1]
        if (value !== undefined) headers.set('Authorization', value)
        const init = { method, headers }
        return shapeOf(await (side === 0 ? fetch(guard.url + path, init) : asTestApi(path, init)))
      }),
    )
    const [real, test] = shapes
    expect(test).toEqual(real)
    return `${real?.status} ${/"error_id":"(\w+)"/.exec(real?.body ?? '')?.[1] ?? ''}`.trim()
  }

  /** What both answer to the same body about a key of theirs. */
  async function both(path: string, bodies: readonly [real: object, test: object]) {
    const [real, test] = await Promise.all([
      send(fetch, service.url + path, { body: JSON.stringify(bodies[0]) }),
      send(asTestApi as typeof fetch, path, { body: JSON.stringify(bodies[1]) }),
    ])
    expect([real.status, test.status]).toEqual([200, 200])
    return [await real.json(), await test.json()] as const
  }
  async function issue(path: string, more: object) {
    const keys = [service, api.addKey()].map((key) => ({ ...good(key), ...more })) as [object, object]
    const [real, test] = await both(path, keys)
    const tokens: Both = [real.access_token, test.access_token]
    const revoke = () =>
      both('/v1/client_tokens/revoke', [
        { ...keys[0], scopes: undefined, token: tokens[0] },
        { ...keys[1], scopes: undefined, token: tokens[1] },
      ])
    return { tokens, bearer: tokens.map((token) => `Bearer ${token}`) as unknown as Both, revoke }
  }
  const access = (scopes: readonly string[] = SCOPES) => issue('/v0/auth', { scopes })
  const client = (more: object = {}) => issue('/v1/client_tokens', { scopes: SCOPES, ...more })
  const same = (text: string): Both => [text, text]
  /** Both clocks past the end of every token; the guard's back again. */
  async function later<T>(act: () => Promise<T>): Promise<T> {
    guard.advance(7200)
    api.clock.advance(7200)
    return act().finally(() => guard.advance(-7200))
  }

  test.each(PROTECTED_RESOURCES)(
    '$path: no token, one that lacks the scope, a good one',
    async (resource) => {
      const path = resource.path.replace('*', 'one')
      const method = resource.scope === STREAM_SCOPE ? 'GET' : 'POST'
      const other = SCOPES.filter((scope) => scope !== resource.scope)
      expect(await agreed({ path, method })).toBe('401 ih2002')
      expect(await agreed({ path, method, authorization: (await access(other)).bearer })).toBe('403 ih2003')
      const { bearer: authorization } = await access([resource.scope])
      expect(await agreed({ path, method, authorization })).toBe('200')
    },
  )

  test.each(['', 'Bearer', 'Bearer ', 'Bearer a b', 'Basic LEAK', 'Bearer LEAK', 'Bearer a.b.c', 'Bearer é'])(
    'a header that is %j',
    async (header) => {
      await agreed({ authorization: same(header) })
    },
  )

  test('the scheme in other letters', async () => {
    const { tokens } = await access()
    const authorization = tokens.map((token) => `bEARER ${token}`) as unknown as Both
    expect(await agreed({ authorization })).toBe('200')
  })

  test('a token that was changed, of either kind', async () => {
    for (const { bearer } of [await access(), await client()]) {
      const authorization = bearer.map((each) => `${each.slice(0, -8)}AAAAAAAA`) as unknown as Both
      expect(await agreed({ authorization })).toMatch(/^401 /)
    }
  })

  test('the API key itself, where it is not taken', async () => {
    const authorization: Both = [`Bearer ${service.keySecret}`, `Bearer ${api.addKey().keySecret}`]
    expect(await agreed({ authorization })).toBe('401 ih2001')
  })

  test('a token that has expired, of either kind', async () => {
    const [one, other] = [await access(), await client()]
    await later(async () => {
      expect(await agreed({ authorization: one.bearer })).toBe('401 ih2001')
      expect(await agreed({ authorization: other.bearer })).toBe('401 ih2010')
    })
  })

  test('an access token that was revoked', async () => {
    const { tokens, bearer: authorization } = await access()
    expect(await agreed({ authorization })).toBe('200')
    const basic = Buffer.from(`${service.keyId}:${service.keySecret}`).toString('base64')
    await fetch(`${service.url}/oauth2/revoke`, {
      method: 'POST',
      headers: { Authorization: `Basic ${basic}` },
      body: new URLSearchParams({ token: tokens[0] }),
    })
    api.endToken(tokens[1])
    await heard(authorization)
    expect(await agreed({ authorization })).toBe('401 ih2001')
  })

  test('a client token: its origins, and then revoked, from there and from elsewhere, and when it has expired', async () => {
    const { bearer: authorization, revoke } = await client({ allowed_origins: [ORIGIN] })
    expect(await agreed({ authorization, origin: ORIGIN })).toBe('200')
    expect(await agreed({ authorization, origin: 'https://evil.example' })).toBe('401 ih2011')
    expect(await agreed({ authorization, origin: 'null' })).toBe('401 ih2011')
    expect(await agreed({ authorization })).toBe('401 ih2011')
    await revoke()
    await heard(authorization)
    expect(await agreed({ authorization, origin: ORIGIN })).toBe('401 ih2014')
    expect(await agreed({ authorization, origin: 'https://evil.example' })).toBe('401 ih2011')
    await later(async () => {
      expect(await agreed({ authorization, origin: ORIGIN })).toBe('401 ih2010')
    })
  })

  test('a client token without origins from anywhere, and one that lacks the scope', async () => {
    const { bearer: authorization } = await client({ scopes: undefined })
    const path = '/v0/stream/analyze'
    expect(await agreed({ authorization, origin: 'https://evil.example', path, method: 'GET' })).toBe('200')
    expect(await agreed({ authorization })).toBe('403 ih2003')
  })

  /** Waits until the guard has heard of what ends a token. */
  async function heard([authorization]: Both) {
    await waitUntil(
      async () =>
        (await fetch(guard.url + UPLOAD, { headers: { authorization, Origin: ORIGIN } })).status === 401,
      () => 'the guard heard of no revocation',
    )
  }
})

test.each(['/', '/v0/nothing', '/v1/nothing'])('there is nothing at %s', async (path) => {
  await expectAgreement(path, () => ({ method: 'GET' }))
})

test.each(['/v0/auth', '/v1/client_tokens'])(
  'at %s a key that is revoked, and a scope that it lacks',
  async (path) => {
    const real = await service.createKey({ scopes: [STREAM_SCOPE] })
    const key = testApi.addKey([STREAM_SCOPE])
    const ask = async () => {
      const answers = [
        send(fetch, service.url + path, { body: JSON.stringify(good(real)) }),
        send(testApi.fetch as typeof fetch, `https://x.example${path}`, { body: JSON.stringify(good(key)) }),
      ]
      const [first, second] = await Promise.all(answers.map(async (answer) => shapeOf(await answer)))
      expect(second).toEqual(first)
      return first?.status
    }
    expect(await ask()).toBe(403)
    await service.keys('revoke', real.keyId)
    testApi.revokeKey(key.keyId)
    expect(await ask()).toBe(401)
  },
)
