import { STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { describe, expect, it } from 'vitest'
import type { Denied } from '../src/denial.ts'
import { createGuard, type GuardOptions } from '../src/protect.ts'
import { claims, compact, es256, ISSUER, NOW, sourceOf } from './support/signing.ts'

const key = es256()
const token = compact(key)
const streamToken = compact(key, claims({ scope: STREAM_SCOPE }))
const CORRELATION_ID = '00000000-0000-4000-8000-000000000001'
const UPLOAD_URL = 'https://video.example.com/v0/upload/analyze'
const STREAM_URL = 'https://video.example.com/v0/stream/analyze'

function guard(changes: Partial<GuardOptions> = {}) {
  return createGuard({
    issuer: ISSUER,
    keys: sourceOf(key),
    now: () => NOW * 1000,
    newCorrelationId: () => CORRELATION_ID,
    ...changes,
  })
}

const upload = (headers: Record<string, string> | [string, string][] = {}, url = UPLOAD_URL) =>
  guard()(new Request(url, { method: 'POST', headers }), UPLOAD_SCOPE)

function handshake(headers: Record<string, string>, options: Partial<GuardOptions> = {}, url = STREAM_URL) {
  const all = new Headers({ Upgrade: 'websocket', Connection: 'Upgrade', ...headers })
  return guard(options)({ method: 'GET', url, headers: all }, STREAM_SCOPE)
}

function expectDenied(
  decision: unknown,
  status: number,
  error: Denied['error'],
  reason: Denied['reason'],
  challenge?: string,
): void {
  expect(decision).toMatchObject({ granted: false, status, error, reason })
  const { headers } = decision as Denied
  expect(headers['WWW-Authenticate']).toBe(challenge)
  expect(headers).toMatchObject({
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Correlation-ID': CORRELATION_ID,
  })
}

const INVALID = 'Bearer error="invalid_token"'

describe('a request', () => {
  it('is granted with a token that holds the scope, and the claims are handed over', async () => {
    expect(await upload({ Authorization: `Bearer ${token}` })).toEqual({ granted: true, claims: claims() })
  })

  it.each(['bearer', 'BEARER', 'bEaReR'])('may spell the scheme %s', async (scheme) => {
    expect(await upload({ authorization: `${scheme} ${token}` })).toHaveProperty('granted', true)
  })

  it('without a credential gets a bare challenge', async () => {
    expectDenied(await upload(), 401, 'credentialAbsent', 'credential_absent', 'Bearer')
    const basic = await upload({ Authorization: 'Basic TEVBSzpMRUFL' })
    expectDenied(basic, 401, 'credentialAbsent', 'credential_absent', 'Bearer')
  })

  it('never has its token read from the query, the body or a cookie', async () => {
    const url = `${UPLOAD_URL}?access_token=${token}&token=${token}&authorization=Bearer%20${token}`
    const decision = await upload({ Cookie: `access_token=${token}` }, url)
    expectDenied(decision, 401, 'credentialAbsent', 'credential_absent', 'Bearer')
  })

  it('with two Authorization headers is refused, even when both are good', async () => {
    const twice: [string, string][] = [
      ['Authorization', `Bearer ${token}`],
      ['Authorization', `Bearer ${token}`],
    ]
    expectDenied(await upload(twice), 401, 'invalidCredentials', 'credential_malformed', INVALID)
  })

  it.each(['Bearer', 'Bearer ', 'Bearer a b', 'Bearer "x"', 'Bearer a,b', 'Bearer \u00e9'])(
    'with the malformed header %j gets invalid_token',
    async (value) => {
      expectDenied(
        await upload({ Authorization: value }),
        401,
        'invalidCredentials',
        'credential_malformed',
        INVALID,
      )
    },
  )

  it('with a token that is none, is forged or has expired gets one and the same answer', async () => {
    const forged = compact(es256(key.kid))
    const expired = compact(key, claims({ iat: NOW - 2000, exp: NOW - 1100 }))
    const answers = []
    for (const [bad, reason] of [
      ['ih_live_LEAK', 'malformed'],
      [forged, 'signature'],
      [expired, 'claims_expired'],
    ] as const) {
      const decision = await upload({ Authorization: `Bearer ${bad}` })
      expectDenied(decision, 401, 'invalidCredentials', reason, INVALID)
      answers.push({ ...decision, reason: '' })
    }
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
  })

  it('with a token that lacks the scope is told which one is needed', async () => {
    expectDenied(
      await upload({ Authorization: `Bearer ${streamToken}` }),
      403,
      'insufficientScope',
      'scope',
      `Bearer error="insufficient_scope", scope="${UPLOAD_SCOPE}"`,
    )
  })

  it.each([
    'interhumanai.uploads',
    'Interhumanai.upload',
    'interhumanai.upload,interhumanai.stream',
    'interhumanai.upload\tinterhumanai.stream',
    'interhumanai.uplo\u0430d',
    'interhumanai.upload\u00a0',
    'interhumanai.*',
    '',
  ])('does not take the scope %j for the one needed', async (scope) => {
    const decision = await upload({ Authorization: `Bearer ${compact(key, claims({ scope }))}` })
    expect(decision).toMatchObject({ granted: false, reason: 'scope' })
  })

  it('takes the scope needed from anywhere in the list', async () => {
    for (const scope of [
      `${STREAM_SCOPE} ${UPLOAD_SCOPE}`,
      `${UPLOAD_SCOPE} ${STREAM_SCOPE}`,
      `a ${UPLOAD_SCOPE} b`,
    ])
      expect(await upload({ Authorization: `Bearer ${compact(key, claims({ scope }))}` })).toHaveProperty(
        'granted',
        true,
      )
  })

  it('gets 503 and a time to come again, no challenge, when the keys cannot be had', async () => {
    const keys = { find: async () => ({ missing: 'unavailable', detail: 'why' }) as const }
    const request = new Request(UPLOAD_URL, { headers: { Authorization: `Bearer ${token}` } })
    const decision = await guard({ keys })(request, UPLOAD_SCOPE)
    expectDenied(decision, 503, 'unavailable', 'key_unavailable')
    expect(decision).toMatchObject({ detail: 'why', headers: { 'Retry-After': '5' } })
    expect(decision).not.toHaveProperty('closeCode')
    expect((decision as Denied).body).not.toContain('why')
  })

  it('attack 13: each request has its own decision', async () => {
    const protect = guard()
    const request = new Request(UPLOAD_URL, { headers: { Authorization: `Bearer ${token}` } })
    expect(await protect(request, UPLOAD_SCOPE)).toHaveProperty('granted', true)
    expect(await protect(request, STREAM_SCOPE)).toHaveProperty('granted', false)
  })

  it('for a scope that nobody knows is the caller’s mistake', async () => {
    const protect = guard()
    for (const scope of ['', 'x"', 'interhumanai.uploads'])
      await expect(protect(new Request(UPLOAD_URL), scope as typeof UPLOAD_SCOPE)).rejects.toThrow(TypeError)
  })

  it('does not have its body read', async () => {
    const request = new Request(UPLOAD_URL, { method: 'POST', body: 'x' })
    await guard()(request, UPLOAD_SCOPE)
    expect(request.bodyUsed).toBe(false)
  })
})

describe('the body of a denial', () => {
  const v0 = {
    detail: 'Unauthorized: the request carries no credential.',
    status_code: 401,
    extra: {},
    error_id: 'ih2002',
    correlation_id: CORRELATION_ID,
    link: `${ISSUER}/errors#ih2002-no-credential`,
    message: 'Unauthorized: the request carries no credential.',
  }
  const { detail, status_code, extra, ...v1 } = v0

  it.each([
    ['/v0/upload/analyze', v0],
    ['/v0', v0],
    ['/v1/upload/analyze', v1],
    ['/v2/upload/jobs/7', v1],
    ['/v00/x', v1],
    ['/', v1],
    ['*', v1],
    ['', v1],
    ['//v0/x', v1],
    ['/x?/v0/', v1],
    ['/v0/x?a=b#c', v0],
    ['http://video.example.com/v0/x', v0],
    ['http://v0/v1/x', v1],
  ])('speaks the version of the path %j', async (url, body) => {
    const request = { method: 'POST', url, headers: new Headers() }
    expect(((await guard()(request, UPLOAD_SCOPE)) as Denied).body).toBe(JSON.stringify(body))
  })

  it('links to the page that the operator named', async () => {
    const request = new Request(UPLOAD_URL)
    const decision = await guard({ errorPage: 'https://docs.example.com/e' })(request, UPLOAD_SCOPE)
    expect((decision as Denied).body).toContain('"link":"https://docs.example.com/e#ih2002-no-credential"')
  })

  it('has a new UUID each time unless told', async () => {
    const protect = createGuard({ issuer: ISSUER, keys: sourceOf(key) })
    const ids = new Set<string>()
    for (let i = 0; i < 20; i++)
      ids.add(((await protect(new Request(UPLOAD_URL), UPLOAD_SCOPE)) as Denied).correlationId)
    expect(ids.size).toBe(20)
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('holds nothing that the caller sent', async () => {
    const url = `${UPLOAD_URL}?LEAK=LEAK`
    const headers = { 'X-Client-Request-Id': 'LEAK', 'X-Correlation-ID': 'LEAK' }
    for (const credential of [
      'Bearer LEAK',
      'Bearer LEAK LEAK',
      'Basic LEAK',
      `Bearer ${compact(key, { LEAK: 1 })}`,
    ])
      expect(JSON.stringify(await upload({ Authorization: credential, ...headers }, url))).not.toContain(
        'LEAK',
      )
  })
})

describe('a WebSocket handshake', () => {
  it('is granted by the header, and nothing is selected', async () => {
    const decision = await handshake({ Authorization: `Bearer ${streamToken}` })
    expect(decision).toEqual({ granted: true, claims: claims({ scope: STREAM_SCOPE }) })
  })

  it('is granted by the pair, and the answer selects `access_token`, never the credential', async () => {
    const decision = await handshake({ 'Sec-WebSocket-Protocol': `access_token, ${streamToken}` })
    expect(decision).toMatchObject({ granted: true, subprotocol: 'access_token' })
  })

  it('is granted by the token alone, which is selected as sent; an operator can switch that off', async () => {
    const headers = { 'Sec-WebSocket-Protocol': streamToken }
    expect(await handshake(headers)).toMatchObject({ granted: true, subprotocol: streamToken })
    const decision = await handshake(headers, { acceptLoneSubprotocol: false })
    expectDenied(decision, 401, 'invalidCredentials', 'credential_malformed', INVALID)
    expect(JSON.stringify(decision)).not.toContain(streamToken)
    const pair = { 'Sec-WebSocket-Protocol': `access_token, ${streamToken}` }
    expect(await handshake(pair, { acceptLoneSubprotocol: false })).toHaveProperty('granted', true)
  })

  it('may say the same in the header and in the subprotocol, but not two things', async () => {
    const both = (offered: string) =>
      handshake({ Authorization: `Bearer ${streamToken}`, 'Sec-WebSocket-Protocol': offered })
    expect(await both(`access_token, ${streamToken}`)).toMatchObject({
      granted: true,
      subprotocol: 'access_token',
    })
    for (const offered of [`access_token, ${compact(key)}`, 'access_token, x', 'chat'])
      expectDenied(await both(offered), 401, 'invalidCredentials', 'credentials_differ', INVALID)
    expectDenied(await both('chat, superchat'), 401, 'invalidCredentials', 'credential_malformed', INVALID)
  })

  it('without a credential is refused before it is accepted', async () => {
    const decision = await handshake({})
    expectDenied(decision, 401, 'credentialAbsent', 'credential_absent', 'Bearer')
    expect(decision).not.toHaveProperty('closeCode')
  })

  it.each(['access_token', 'access_token, a, b', 'access_token, ', `token, x`, ', x', ''])(
    'that offers %j is refused with invalid_token',
    async (offered) => {
      const decision = await handshake({ 'Sec-WebSocket-Protocol': offered })
      expectDenied(decision, 401, 'invalidCredentials', 'credential_malformed', INVALID)
      expect(decision).not.toHaveProperty('closeCode')
    },
  )

  it('with a forged token is refused before it is accepted', async () => {
    const decision = await handshake({ 'Sec-WebSocket-Protocol': `access_token, ${compact(es256(key.kid))}` })
    expectDenied(decision, 401, 'invalidCredentials', 'signature', INVALID)
    expect(decision).not.toHaveProperty('closeCode')
    expect(decision).not.toHaveProperty('subprotocol')
  })

  it('that lacks the scope says how to accept it, tell it and close it', async () => {
    const challenge = `Bearer error="insufficient_scope", scope="${STREAM_SCOPE}"`
    const byPair = await handshake({ 'Sec-WebSocket-Protocol': `access_token, ${token}` })
    expectDenied(byPair, 403, 'insufficientScope', 'scope', challenge)
    expect(byPair).toMatchObject({ closeCode: 4003, subprotocol: 'access_token' })
    const byHeader = await handshake({ Authorization: `Bearer ${token}` })
    expect(byHeader).toMatchObject({ status: 403, closeCode: 4003 })
    expect(byHeader).not.toHaveProperty('subprotocol')
  })

  it('that nobody can check now may be closed with 1013', async () => {
    const keys = { find: async () => ({ missing: 'unavailable', detail: 'why' }) as const }
    const decision = await handshake({ Authorization: `Bearer ${streamToken}` }, { keys })
    expect(decision).toMatchObject({ status: 503, closeCode: 1013 })
  })

  it.each(['websocket', 'WebSocket', 'WEBSOCKET', 'h2c, websocket', ' websocket '])(
    'is known by `Upgrade: %s`',
    async (upgrade) => {
      const headers = { Upgrade: upgrade, 'Sec-WebSocket-Protocol': `access_token, ${streamToken}` }
      expect(await handshake(headers)).toHaveProperty('granted', true)
    },
  )

  it.each(['', 'h2c', 'websockets', 'not-websocket'])(
    'is not what has `Upgrade: %s`: the subprotocol is not read',
    async (upgrade) => {
      const headers = { Upgrade: upgrade, 'Sec-WebSocket-Protocol': `access_token, ${streamToken}` }
      expectDenied(await handshake(headers), 401, 'credentialAbsent', 'credential_absent', 'Bearer')
    },
  )

  it('is a GET: another method has no subprotocol read', async () => {
    const headers = new Headers({
      Upgrade: 'websocket',
      'Sec-WebSocket-Protocol': `access_token, ${streamToken}`,
    })
    const decision = await guard()({ method: 'POST', url: STREAM_URL, headers }, STREAM_SCOPE)
    expectDenied(decision, 401, 'credentialAbsent', 'credential_absent', 'Bearer')
  })
})
