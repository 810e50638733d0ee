import { STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { describe, expect, it } from 'vitest'
import type { Denied } from '../src/denial.ts'
import {
  expectDenied,
  guard,
  INVALID,
  key,
  streamToken,
  token,
  UPLOAD_URL,
  upload,
} from './support/guarding.ts'
import { claims, compact, es256, NOW } from './support/signing.ts'

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
      ['ih_live_LEAK', 'direct_key_not_accepted'],
      ['LEAK', 'malformed'],
      [forged, 'signature'],
      [expired, 'claims_expired'],
    ] as const) {
      const decision = await upload({ Authorization: `Bearer ${bad}` })
      expectDenied(decision, 401, 'invalidCredentials', reason, INVALID)
      answers.push({ ...decision, reason: '' })
    }
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
    expect(answers[3]).toEqual(answers[0])
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
