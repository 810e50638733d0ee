import { STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { describe, expect, it } from 'vitest'
import type { Denied } from '../src/denial.ts'
import { protectHandler } from '../src/index.ts'
import {
  CORRELATION_ID,
  expectDenied,
  guard,
  INVALID,
  key,
  STREAM_URL,
  UPLOAD_URL,
} from './support/guarding.ts'
import { clientToken, ISSUER, NOW } from './support/signing.ts'
import { startServer } from './support/start-server.ts'

const ORIGIN = 'https://app.example.com'
const caps = { maxConcurrent: 2, maxBytes: 1000, allowedOrigins: [ORIGIN] }
const { token, claims } = clientToken(key, {}, caps)

/** What a page of `origin` sends when it opens a WebSocket. */
function handshake(origin: string | [string, string][] | null, credential = token, now = NOW) {
  const headers = new Headers({
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Protocol': `access_token, ${credential}`,
  })
  if (typeof origin === 'string') headers.set('Origin', origin)
  else for (const [name, value] of origin ?? []) headers.append(name, value)
  return guard({ now: () => now * 1000 })({ method: 'GET', url: STREAM_URL, headers }, STREAM_SCOPE)
}

describe('a client token', () => {
  it('opens a stream from the page that it was issued for, and the caps are handed on', async () => {
    expect(await handshake(ORIGIN)).toEqual({ granted: true, claims, caps })
  })

  it.each([
    ['another site', 'https://evil.example'],
    ['a sandboxed frame', 'null'],
    ['no page', null],
    [
      'two pages',
      [
        ['Origin', ORIGIN],
        ['Origin', ORIGIN],
      ] as [string, string][],
    ],
    ['the page in capitals', ORIGIN.toUpperCase()],
    ['another port', `${ORIGIN}:8443`],
    ['plain http', 'http://app.example.com'],
  ])('attack 45: opens none from %s', async (_what, origin) => {
    const decision = await handshake(origin)
    expectDenied(decision, 401, 'clientTokenInvalid', 'origin_not_allowed', INVALID)
    expect(JSON.parse((decision as Denied).body).error_id).toBe('ih2011')
  })

  it('opens nothing where the guard was not told to take client tokens: 401, ih2011', async () => {
    const headers = { Authorization: `Bearer ${token}`, Origin: ORIGIN }
    const closed = guard({ acceptClientTokens: false })
    const decision = await closed(new Request(STREAM_URL, { headers }), STREAM_SCOPE)
    expectDenied(decision, 401, 'clientTokenInvalid', 'client_token_not_accepted', INVALID)
    expect(JSON.parse((decision as Denied).body).error_id).toBe('ih2011')
  })

  it('that has expired is told so in an answer of its own', async () => {
    const decision = await handshake(ORIGIN, token, NOW + 4000)
    expectDenied(decision, 401, 'clientTokenExpired', 'claims_expired', INVALID)
    expect(JSON.parse((decision as Denied).body)).toMatchObject({
      error_id: 'ih2010',
      correlation_id: CORRELATION_ID,
      link: `${ISSUER}/errors#ih2010-client-token-expired`,
    })
  })

  it('is held to its scope like any other', async () => {
    const request = new Request(UPLOAD_URL, { headers: { Authorization: `Bearer ${token}`, Origin: ORIGIN } })
    const challenge = `Bearer error="insufficient_scope", scope="${UPLOAD_SCOPE}"`
    expectDenied(await guard()(request, UPLOAD_SCOPE), 403, 'insufficientScope', 'scope', challenge)
  })

  it('gives its caps to the handler behind the guard, at the socket', async () => {
    const server = await startServer(
      protectHandler({
        protect: guard(),
        scope: STREAM_SCOPE,
        handler: (_request, response, _claims, granted) => void response.end(JSON.stringify(granted)),
      }),
    )
    try {
      const headers = { Authorization: `Bearer ${token}` }
      expect((await fetch(server.url, { headers })).status).toBe(401)
      const response = await fetch(server.url, { headers: { ...headers, Origin: ORIGIN } })
      expect(await response.json()).toEqual(caps)
    } finally {
      await server.stop()
    }
  })
})
