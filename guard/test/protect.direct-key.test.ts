import { API_KEY_TOKEN_TYPE, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { describe, expect, it } from 'vitest'
import { protectHandler } from '../src/adapters/node-http.ts'
import type { Denied } from '../src/denial.ts'
import { createGuard, type DirectKeyGuardOptions } from '../src/protect.ts'
import {
  CORRELATION_ID,
  expectDenied,
  INVALID,
  key,
  STREAM_URL,
  token,
  UPLOAD_URL,
} from './support/guarding.ts'
import { claims as claimsOfToken, clientToken, compact, ISSUER, NOW, sourceOf } from './support/signing.ts'
import { listen, startFeed, until } from './support/start-feed.ts'
import { active, KEY_ID, SECRET, says, startIntrospection } from './support/start-introspection.ts'
import { startServer } from './support/start-server.ts'

const { active: _active, token_type: _type, ...claims } = active

async function start(answer = says(active), options: Partial<DirectKeyGuardOptions> = {}) {
  const started = await startIntrospection(answer)
  const uses: string[] = []
  const protect = createGuard({
    issuer: ISSUER,
    keys: sourceOf(key),
    now: () => NOW * 1000 + started.clock.ms,
    newCorrelationId: () => CORRELATION_ID,
    introspection: started.introspection,
    acceptDirectKeys: true,
    onDirectUse: ({ keyId }) => uses.push(keyId),
    ...(options as object),
  })
  const send = (headers: Record<string, string> = {}, url = UPLOAD_URL, scope = UPLOAD_SCOPE) =>
    protect(
      { method: 'GET', url, headers: new Headers({ Authorization: `Bearer ${SECRET}`, ...headers }) },
      scope as typeof UPLOAD_SCOPE,
    )
  return { ...started, protect, uses, send }
}

describe('an API key sent as a bearer', () => {
  it('is granted with what is known of the key, says what to strip, and each use is counted', async () => {
    const { send, uses, asked } = await start(says({ ...active, exp: NOW + 5 }))
    const granted = { granted: true, claims: { ...claims, exp: NOW + 5 }, strip: ['authorization'] }
    expect(await send()).toEqual(granted)
    expect(await send()).toEqual(granted)
    expect(uses).toEqual([KEY_ID, KEY_ID])
    expect(asked).toHaveLength(1)
  })

  it('is refused unless the guard was told to take it, and nobody is asked', async () => {
    const { introspection, asked } = await startIntrospection()
    for (const told of [{}, { acceptDirectKeys: false }, { acceptDirectKeys: 'true', introspection }]) {
      const options = { issuer: ISSUER, keys: sourceOf(key), newCorrelationId: () => CORRELATION_ID, ...told }
      const protect = createGuard(options as Parameters<typeof createGuard>[0])
      const decision = await protect(
        new Request(UPLOAD_URL, { headers: { Authorization: `Bearer ${SECRET}` } }),
        UPLOAD_SCOPE,
      )
      expectDenied(decision, 401, 'invalidCredentials', 'direct_key_not_accepted', INVALID)
    }
    expect(asked).toEqual([])
  })

  const socket = { Upgrade: 'websocket', Connection: 'Upgrade' }

  it.each([
    ['in the pair', { 'Sec-WebSocket-Protocol': `access_token, ${SECRET}` }],
    ['alone', { 'Sec-WebSocket-Protocol': SECRET }],
    [
      'beside the header',
      { Authorization: `Bearer ${SECRET}`, 'Sec-WebSocket-Protocol': `access_token, ${SECRET}` },
    ],
  ])('is never taken from a subprotocol, %s, nor echoed', async (_what, headers) => {
    const { protect, asked, uses } = await start(says({ ...active, scope: STREAM_SCOPE }))
    const decision = await protect(
      { method: 'GET', url: STREAM_URL, headers: new Headers({ ...socket, ...headers }) },
      STREAM_SCOPE,
    )
    expectDenied(decision, 401, 'invalidCredentials', 'direct_key_in_subprotocol', INVALID)
    expect((decision as Denied).subprotocol).toBeUndefined()
    expect([asked, uses]).toEqual([[], []])
  })

  it('opens a stream from the header of a program', async () => {
    const { send } = await start(says({ ...active, scope: STREAM_SCOPE }))
    expect(await send(socket, STREAM_URL, STREAM_SCOPE as never)).toHaveProperty('granted', true)
  })

  it.each(['https://app.example.com', 'null', ''])(
    'is never taken with an Origin, not with %j either',
    async (origin) => {
      const { send, asked } = await start()
      expectDenied(
        await send({ Origin: origin }),
        401,
        'invalidCredentials',
        'direct_key_with_origin',
        INVALID,
      )
      expect(asked).toEqual([])
    },
  )

  it.each(['ih_live_', 'ih_live_LEAK', `${SECRET}LEAK`, `${SECRET.slice(0, -1)}-`])(
    'that is none is not asked about: %s',
    async (secret) => {
      const { send, asked } = await start()
      const decision = await send({ Authorization: `Bearer ${secret}` })
      expectDenied(decision, 401, 'invalidCredentials', 'direct_key_malformed', INVALID)
      expect(asked).toEqual([])
    },
  )

  it('is held to its scope like any other, and counted all the same', async () => {
    const { send, uses } = await start(says({ ...active, scope: STREAM_SCOPE }))
    const challenge = `Bearer error="insufficient_scope", scope="${UPLOAD_SCOPE}"`
    expectDenied(await send(), 403, 'insufficientScope', 'scope', challenge)
    expect(uses).toEqual([KEY_ID])
  })

  it('attack 13: gets a fresh decision on each route, though introspection is asked once', async () => {
    const { send, asked } = await start()
    expect(await send()).toHaveProperty('granted', true)
    expect(await send({}, STREAM_URL, STREAM_SCOPE as never)).toHaveProperty('status', 403)
    expect(await send()).toHaveProperty('granted', true)
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['is not known, or may not be used so', { active: false }, 'direct_key_inactive'],
    ['introspection calls a token', { ...active, token_type: 'Bearer' }, 'direct_key_inactive'],
    ['is of another issuer', { ...active, iss: 'https://other.example' }, 'claims_issuer'],
    ['is for another audience', { ...active, aud: 'https://other.example' }, 'claims_audience'],
    ['has ended, without any skew', { ...active, exp: NOW }, 'claims_expired'],
  ] as const)('that %s is the one 401 of a bad credential', async (_what, answer, reason) => {
    const { send, uses } = await start(says(answer))
    const decision = await send()
    expectDenied(decision, 401, 'invalidCredentials', reason, INVALID)
    expect(uses).toEqual([])
    expect(JSON.stringify(decision)).not.toContain('LEAK')
  })

  it('attack 42: is 503 when nothing can be told, and never granted', async () => {
    const { send, served, clock } = await start(says('LEAK', 500))
    const decision = await send()
    expect(decision).toMatchObject({
      status: 503,
      error: 'unavailable',
      reason: 'introspection_unavailable',
      detail: 'introspection answered with status 500',
    })
    expect((decision as Denied).headers).toHaveProperty('Retry-After')
    expect(JSON.stringify(decision)).not.toContain('LEAK')
    served.answer = says(active)
    clock.ms += 1_000
    expect(await send()).toHaveProperty('granted', true)
  })

  it('attack 33: dies with its key by what the feed has said, though introspection is behind', async () => {
    const { url, feeds } = await startFeed()
    const revocations = listen(url)
    const { send } = await start(says(active), { revocations })
    expect(await send()).toHaveProperty('granted', true)
    feeds[0]?.change({ kind: 'key', keyId: KEY_ID, generation: 4 }, 1)
    await until(() => revocations.state().lastEventId === 'epoch-1.1')
    expectDenied(await send(), 401, 'invalidCredentials', 'key_revoked', INVALID)
  })

  it('is removed from what the handler sees, in every place where Node keeps it', async () => {
    const { protect } = await start()
    const seen: unknown[] = []
    const server = await startServer(
      protectHandler({
        protect,
        scope: UPLOAD_SCOPE,
        handler(request, response, granted) {
          seen.push(request.headers, request.headersDistinct, request.rawHeaders)
          response.end(granted.client_id)
        },
      }),
    )
    try {
      const response = await fetch(server.url, {
        headers: { Authorization: `Bearer ${SECRET}`, 'X-Kept': 'kept' },
      })
      expect(await response.text()).toBe(KEY_ID)
      expect(JSON.stringify(seen)).not.toMatch(/LEAK|authorization/i)
      expect(JSON.stringify(seen).match(/kept/g)).toHaveLength(5)
    } finally {
      await server.stop()
    }
  })
})

describe('a token beside direct keys', () => {
  it('is checked by its signature, asks nobody, and leaves nothing to strip', async () => {
    const { send, asked } = await start()
    expect(await send({ Authorization: `Bearer ${token}` })).not.toHaveProperty('strip')
    expect(asked).toEqual([])
  })
})

describe('where the key set is empty, a token is proved by introspection', () => {
  async function startIntrospecting(answer = says({ ...active, token_type: 'Bearer' })) {
    const started = await startIntrospection(answer)
    const options = { issuer: ISSUER, introspection: started.introspection, acceptClientTokens: true }
    const protect = createGuard({ ...options, now: () => NOW * 1000, newCorrelationId: () => CORRELATION_ID })
    const send = (credential: string) =>
      protect(new Request(UPLOAD_URL, { headers: { Authorization: `Bearer ${credential}` } }), UPLOAD_SCOPE)
    return { ...started, send }
  }

  it('asked once, its claims held to all that those of a signed one are', async () => {
    const { send, asked } = await startIntrospecting()
    expect(await send(token)).toMatchObject({ granted: true, claims: { jti: 'token-1', gen: 3 } })
    await send(token)
    expect(asked).toHaveLength(1)
    const bad = [
      [{ iss: 'https://other.example' }, 'claims_issuer'],
      [{ aud: 'https://other.example' }, 'claims_audience'],
      [{ exp: NOW - 100, iat: NOW - 200 }, 'claims_expired'],
    ] as const
    for (const [change, reason] of bad)
      expect(await send(compact(key, { ...claimsOfToken(), ...change }))).toMatchObject({
        status: 401,
        reason,
      })
    expect(asked).toHaveLength(1)
  })

  it('refused when it is not active, or when the service calls it an API key', async () => {
    for (const answer of [{ active: false }, active]) {
      const { send } = await startIntrospecting(says(answer))
      expectDenied(await send(token), 401, 'invalidCredentials', 'introspection_inactive', INVALID)
      expectDenied(
        await send(clientToken(key).token),
        401,
        'clientTokenInvalid',
        'introspection_inactive',
        INVALID,
      )
    }
  })

  it('503 when nothing can be told', async () => {
    const { send } = await startIntrospecting(says('LEAK', 401))
    expect(await send(token)).toMatchObject({ status: 503, reason: 'introspection_unavailable' })
  })

  it('never asked about what is no token, nor about an API key unless told', async () => {
    const { send, asked } = await startIntrospecting()
    expect(await send('LEAK')).toMatchObject({ status: 401, reason: 'malformed' })
    expect(await send(compact(key, {}, { typ: 'JWT' }))).toMatchObject({ status: 401, reason: 'type' })
    expect(await send(SECRET)).toMatchObject({ status: 401, reason: 'direct_key_not_accepted' })
    expect(asked).toEqual([])
  })
})

describe('an option', () => {
  it.each([
    ['direct keys without introspection', { keys: sourceOf(key), acceptDirectKeys: true }],
    ['nothing to check tokens by', {}],
  ])('%s is a TypeError', (_what, options) => {
    expect(() => createGuard({ issuer: ISSUER, ...options } as Parameters<typeof createGuard>[0])).toThrow(
      TypeError,
    )
  })

  it('the type of an API key is the one of the contract', () => {
    expect(API_KEY_TOKEN_TYPE).toBe('api_key')
  })
})
