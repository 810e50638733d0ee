import { inspect } from 'node:util'
import { CLIENT_TOKENS_PATH } from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RespondWithClientTokenOptions, respondWithClientToken } from '../../src/backend/index.ts'
import type { TokenRequestInit } from '../../src/index.ts'

const PAGE = 'https://app.example'
const TOKEN_BODY = '{ "access_token":"LEAKtoken" , "token_id":"t"}\n'

/** The service, as far as it is seen from here: what it was asked, and what it answers. */
function service(response: () => Response | Promise<Response> = () => new Response(TOKEN_BODY)) {
  const calls: { url: string; body: Record<string, unknown> }[] = []
  const fetch = async (url: string, init: TokenRequestInit) => {
    calls.push({ url, body: JSON.parse(init.body) })
    return response()
  }
  return { calls, fetch }
}

const options = (more: Partial<RespondWithClientTokenOptions> = {}): RespondWithClientTokenOptions => ({
  keyId: 'ihk_x',
  keySecret: 'LEAKsecret',
  grant: () => ({}),
  fetch: service().fetch,
  ...more,
})

function ask(init: RequestInit & { origin?: string | null } = {}): Request {
  const { origin = PAGE, ...rest } = init
  const headers = new Headers({ 'Content-Type': 'application/json', ...(rest.headers as object) })
  if (origin !== null) headers.set('Origin', origin)
  return new Request(`${PAGE}/api/token`, { method: 'POST', body: '{}', ...rest, headers })
}

function brokenOff() {
  const chunks = [new TextEncoder().encode('{}')]
  return new ReadableStream({
    pull(stream) {
      const chunk = chunks.shift()
      if (chunk === undefined) stream.error(new Error('LEAK'))
      else stream.enqueue(chunk)
    },
  })
}

async function refusalOf(response: Response): Promise<string> {
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  const body = (await response.json()) as { error_id: string; correlation_id: string }
  expect(Object.keys(body)).toEqual(['error_id', 'correlation_id', 'link', 'message'])
  expect(response.headers.get('X-Correlation-ID')).toBe(body.correlation_id)
  return `${response.status} ${body.error_id}`
}

test('a page of the backend’s own origin gets the service’s bytes, and nothing may keep them', async () => {
  const { calls, fetch } = service(
    () => new Response(TOKEN_BODY, { headers: { 'X-Correlation-ID': 'c-1', 'Set-Cookie': 'LEAK' } }),
  )
  const response = await respondWithClientToken(ask(), options({ fetch }))
  expect(await response.text()).toBe(TOKEN_BODY)
  expect(Object.fromEntries(response.headers)).toEqual({
    'cache-control': 'no-store',
    'content-type': 'application/json',
    'x-correlation-id': 'c-1',
  })
  expect(calls).toEqual([
    {
      url: `https://api.interhuman.ai${CLIENT_TOKENS_PATH}`,
      body: {
        key_id: 'ihk_x',
        key_secret: 'LEAKsecret',
        scopes: ['interhumanai.stream'],
        allowed_origins: [PAGE],
      },
    },
  ])
})

test('the caps, the lifetime and the scopes are those of the grant, and fewer scopes can be asked for', async () => {
  const { calls, fetch } = service()
  const scopes = ['interhumanai.stream', 'interhumanai.upload']
  const grant = () => ({
    scopes,
    expiresInSeconds: 120,
    caps: { maxVideoSeconds: 60, maxConcurrent: 2, allowedOrigins: ['https://other.example'] },
  })
  await respondWithClientToken(ask(), options({ fetch, grant }))
  await respondWithClientToken(ask({ body: '{"scopes":["interhumanai.upload"]}' }), options({ fetch, grant }))
  expect(calls.map(({ body }) => body)).toMatchObject([
    {
      scopes,
      expires_in: 120,
      max_video_seconds: 60,
      max_concurrent: 2,
      allowed_origins: ['https://other.example'],
    },
    { scopes: ['interhumanai.upload'] },
  ])
})

describe('refused before the sign-in check and before the service is asked', () => {
  const grant = () => expect.unreachable('asked')
  const refused: [string, string, Request, Partial<RespondWithClientTokenOptions>][] = [
    ['a page of another site', '403 ia9020', ask({ origin: 'https://evil.example' }), {}],
    ['a look-alike of the own origin', '403 ia9020', ask({ origin: `${PAGE}.evil.example` }), {}],
    ['the origin of a sandboxed frame', '403 ia9020', ask({ origin: 'null' }), {}],
    ['no origin', '403 ia9020', ask({ origin: null }), {}],
    [
      'no origin from another site, although programs are served',
      '403 ia9020',
      ask({ origin: null, headers: { 'Sec-Fetch-Site': 'cross-site' } }),
      { allowWithoutOrigin: true },
    ],
    ['the own origin where others are told', '403 ia9020', ask(), { origins: ['https://other.example'] }],
    ['a form', '400 ia9003', ask({ headers: { 'Content-Type': 'text/plain' } }), {}],
    ['no content type', '400 ia9003', ask({ headers: { 'Content-Type': '' } }), {}],
    ['what is not JSON', '400 ia9001', ask({ body: 'LEAK' }), {}],
    ['what breaks off', '400 ia9001', ask({ body: brokenOff(), duplex: 'half' } as RequestInit), {}],
    ['a list', '400 ia9002', ask({ body: '[]' }), {}],
    ['scopes that are no list', '422 ia9008', ask({ body: '{"scopes":"interhumanai.stream"}' }), {}],
    ['no scope', '422 ia9008', ask({ body: '{"scopes":[]}' }), {}],
    ['a large body', '413 ia9012', ask({ body: `{"a":"${'a'.repeat(4096)}"}` }), {}],
  ]
  test.each(refused)('%s: %s', async (_, expected, request, more) => {
    expect(await refusalOf(await respondWithClientToken(request, options({ grant, ...more })))).toBe(expected)
  })

  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('%s', async (method) => {
    const request = new Request(`${PAGE}/api/token`, { method, headers: { Origin: PAGE } })
    const response = await respondWithClientToken(request, options({ grant }))
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'POST'])
  })
})

test('who is not signed in gets a 401, and an answer of the app’s own is handed on', async () => {
  const nobody = await respondWithClientToken(ask(), options({ grant: () => undefined }))
  expect(await refusalOf(nobody)).toBe('401 ih2002')
  const own = new Response('slow down', { status: 429 })
  expect(await respondWithClientToken(ask(), options({ grant: async () => own }))).toBe(own)
})

test.each([false, null, '', 0, Number.NaN])(
  'a sign-in check that gives %j opens nothing',
  async (nothing) => {
    const { calls, fetch } = service()
    const grant = () => nothing as unknown as undefined
    expect(await refusalOf(await respondWithClientToken(ask(), options({ fetch, grant })))).toBe('401 ih2002')
    expect(calls).toEqual([])
  },
)

test.each([true, 'yes', new Error('LEAK'), [{}], { scope: ['interhumanai.stream'] }, new Date()])(
  'a sign-in check that gives %j is the programmer’s mistake, and the service is not asked',
  async (odd) => {
    const { calls, fetch } = service()
    const grant = () => odd as unknown as undefined
    await expect(respondWithClientToken(ask(), options({ fetch, grant }))).rejects.toThrow(TypeError)
    expect(calls).toEqual([])
  },
)

test('an answer of the app’s own from another realm is handed on, and a page of a told origin may read it', async () => {
  const foreign = Object.assign(Object.create(null), { status: 429, headers: new Headers(), body: null })
  const answer = await respondWithClientToken(
    ask({ origin: 'https://a.example' }),
    options({ origins: ['https://a.example'], grant: () => foreign as Response }),
  )
  expect([answer.status, answer.headers.get('Access-Control-Allow-Origin')]).toEqual([
    429,
    'https://a.example',
  ])
})

test('the preflight allows the headers that it is asked for, and nothing that is no list of names', async () => {
  const origins = ['https://a.example']
  const allowed = async (names: string) => {
    const headers = { Origin: 'https://a.example', 'Access-Control-Request-Headers': names }
    const request = new Request(`${PAGE}/api/token`, { method: 'OPTIONS', headers })
    return (await respondWithClientToken(request, options({ origins }))).headers.get(
      'Access-Control-Allow-Headers',
    )
  }
  expect(await allowed('content-type,x-csrf-token')).toBe('content-type,x-csrf-token')
  expect(await allowed('*')).toBe('content-type')
})

test('a listener that throws changes nothing, and an origin that is left undefined is the one that asks', async () => {
  const { fetch } = service(() => new Response('{}', { status: 401 }))
  const onFailure = () => {
    throw new Error('LEAK')
  }
  expect(await refusalOf(await respondWithClientToken(ask(), options({ fetch, onFailure })))).toBe(
    '500 ih1001',
  )
  const kept = service()
  const grant = () => ({ caps: { allowedOrigins: undefined } }) as unknown as undefined
  await respondWithClientToken(ask(), options({ fetch: kept.fetch, grant }))
  expect(kept.calls[0]?.body).toMatchObject({ allowed_origins: [PAGE] })
})

test('an answer without end is cut off', async () => {
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(16_384)) })
  const { fetch } = service(() => new Response(endless))
  expect(await refusalOf(await respondWithClientToken(ask(), options({ fetch })))).toBe('500 ih1001')
})

test('the sign-in check still gets the whole request', async () => {
  const grant = async (request: Request) => {
    expect(await request.json()).toEqual({ scopes: ['interhumanai.stream'] })
    return {}
  }
  const request = ask({ body: '{"scopes":["interhumanai.stream"]}' })
  expect((await respondWithClientToken(request, options({ grant }))).status).toBe(200)
})

test('a scope beyond the grant is refused, and the service is not asked', async () => {
  const { calls, fetch } = service()
  const request = ask({ body: '{"scopes":["interhumanai.upload"]}' })
  expect(await refusalOf(await respondWithClientToken(request, options({ fetch })))).toBe('403 ih2003')
  expect(calls).toEqual([])
})

test('origins that are told get their preflight and may read the answer; others get neither', async () => {
  const origins = ['https://a.example', 'https://b.example']
  const preflight = new Request(`${PAGE}/api/token`, {
    method: 'OPTIONS',
    headers: { Origin: 'https://b.example' },
  })
  const allowed = await respondWithClientToken(preflight, options({ origins }))
  expect([allowed.status, allowed.headers.get('Access-Control-Allow-Origin')]).toEqual([
    204,
    'https://b.example',
  ])
  const answer = await respondWithClientToken(ask({ origin: 'https://a.example' }), options({ origins }))
  expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('https://a.example')
  expect(answer.headers.get('Vary')).toBe('Origin')
  const foreign = await respondWithClientToken(ask({ origin: 'https://c.example' }), options({ origins }))
  expect([...foreign.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
})

test('only an origin that is the request’s own or told, letter for letter, ever gets a token', async () => {
  const odd = fc.string({ unit: fc.constantFrom(...'https://ap.exmle:4@*null \\') })
  const origin = fc.oneof(
    odd,
    odd.map((text) => PAGE + text),
    odd.map((text) => `https://${text}app.example`),
  )
  await fc.assert(
    fc.asyncProperty(origin, fc.boolean(), async (value, told) => {
      let request: Request
      try {
        request = ask({ origin: value })
      } catch {
        return
      }
      const sent = request.headers.get('Origin')
      const { status } = await respondWithClientToken(request, options(told ? { origins: [PAGE] } : {}))
      expect(status === 200).toBe(sent === PAGE)
    }),
    { numRuns: 500 },
  )
})

describe('when the service gives no token', () => {
  test.each([400, 401, 403, 404, 422, 500])(
    'its %i is the backend’s own fault and told to it alone',
    async (status) => {
      const failures: unknown[] = []
      const { fetch } = service(
        () => new Response('{"message":"LEAK"}', { status, headers: { 'X-Correlation-ID': 'c-2' } }),
      )
      const response = await respondWithClientToken(
        ask(),
        options({ fetch, onFailure: (failure) => failures.push(failure) }),
      )
      expect(await refusalOf(response)).toBe('500 ih1001')
      expect(response.headers.get('X-Correlation-ID')).toBe('c-2')
      expect(failures).toEqual([{ status, correlationId: 'c-2' }])
    },
  )

  test.each([429, 503])('its %i is handed on with its Retry-After', async (status) => {
    const { fetch } = service(() => new Response('{}', { status, headers: { 'Retry-After': '7' } }))
    const response = await respondWithClientToken(ask(), options({ fetch }))
    expect([response.status, response.headers.get('Retry-After'), await response.text()]).toEqual([
      status,
      '7',
      '{}',
    ])
  })

  test('because it is not reached or its answer is cut short, that is a 503, without a word of the fault', async () => {
    const cut = new ReadableStream({ start: (controller) => controller.error(new Error('LEAK')) })
    for (const answer of [() => Promise.reject(new Error('LEAK')), () => new Response(cut)]) {
      const failures: unknown[] = []
      const onFailure = (failure: unknown) => failures.push(failure)
      const response = await respondWithClientToken(
        ask(),
        options({ fetch: service(answer).fetch, onFailure }),
      )
      expect(response.headers.get('Retry-After')).toBe('1')
      expect(await refusalOf(response)).toBe('503 ih1003')
      expect(failures).toHaveLength(1)
      expect(inspect(failures, { depth: Infinity, showHidden: true })).not.toContain('LEAK')
    }
  })
})

test.each([
  { keyId: '' },
  { keySecret: '' },
  { apiUrl: 'LEAK' },
  { origins: ['*'] },
  { origins: ['null'] },
  { origins: ['https://a.example/'] },
])('%j is the programmer’s mistake', async (wrong) => {
  const answer = respondWithClientToken(ask(), options(wrong))
  await expect(answer).rejects.toThrow(TypeError)
  await expect(answer).rejects.not.toThrow(/LEAK/)
})
