import { inspect } from 'node:util'
import { STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { describe, expect, it } from 'vitest'
import type { DenialOptions } from '../src/protect.ts'
import type { VerifierOptions } from '../src/verify.ts'
import { expectDenied, guard, INVALID, key, STREAM_URL, streamToken, token } from './support/guarding.ts'
import { claims, compact, es256 } from './support/signing.ts'

function handshake(
  headers: Record<string, string>,
  options: Partial<VerifierOptions & DenialOptions> = {},
  url = STREAM_URL,
) {
  return guard(options)({ method: 'GET', url, headers: upgrading(headers) }, STREAM_SCOPE)
}

function upgrading(headers: Record<string, string>): Headers {
  return new Headers({ Upgrade: 'websocket', Connection: 'Upgrade', ...headers })
}

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

  it('never has its token shown by the log of a decision, though the token alone is what is selected', async () => {
    const headers = { 'Sec-WebSocket-Protocol': token }
    const denied = await handshake(headers)
    const granted = await guard()(
      { method: 'GET', url: STREAM_URL, headers: upgrading(headers) },
      UPLOAD_SCOPE,
    )
    expect([denied.granted, granted.granted]).toEqual([false, true])
    for (const decision of [denied, granted]) {
      expect(decision.subprotocol).toBe(token)
      for (const shown of [JSON.stringify(decision), inspect(decision), inspect({ ...decision })])
        expect(shown).not.toContain(token)
    }
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
