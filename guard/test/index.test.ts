import type { IncomingMessage, ServerResponse } from 'node:http'
import * as guard from '@interhuman-auth/guard'
import type { AccessTokenClaims, Scope } from '@interhuman-auth/protocol'
import { describe, expect, expectTypeOf, it } from 'vitest'

describe('the public surface', () => {
  it('is these functions and no others', () => {
    const names = [
      'createGuard',
      'createVerifier',
      'introspection',
      'keySet',
      'protectHandler',
      'revocationFeed',
      'sharedKeys',
    ]
    expect(Object.keys(guard).sort()).toEqual(names)
  })

  it('hands over claims only with a grant, and an answer only with a denial', () => {
    type Decision = Awaited<ReturnType<guard.Protect>>
    expectTypeOf<Extract<Decision, { granted: true }>['claims']>().toEqualTypeOf<AccessTokenClaims>()
    expectTypeOf<Extract<Decision, { granted: false }>>().not.toHaveProperty('claims')
    expectTypeOf<Extract<Decision, { granted: true }>>().not.toHaveProperty('status')
  })

  it('hands over what a key has, and no claims of a token, only where API keys themselves are taken', () => {
    const make = (options: guard.DirectKeyGuardOptions) => guard.createGuard(options)
    type Claims = Extract<Awaited<ReturnType<ReturnType<typeof make>>>, { granted: true }>['claims']
    expectTypeOf<Claims>().toEqualTypeOf<AccessTokenClaims | guard.DirectKeyClaims>()
    expectTypeOf<guard.DirectKeyClaims>().not.toHaveProperty('jti')
    expectTypeOf<guard.DirectKeyGuardOptions>().toHaveProperty('introspection')
  })

  it('takes a WHATWG Request and a scope of the contract', () => {
    expectTypeOf<Request>().toExtend<guard.ProtectedRequest>()
    expectTypeOf<Parameters<guard.Protect>[1]>().toEqualTypeOf<Scope>()
  })

  it('takes one source of keys, so that no guard holds a shared key beside a key set', () => {
    expectTypeOf<guard.VerifierOptions['keys']>().toEqualTypeOf<guard.KeySource>()
  })

  it('gives a listener that fits Node’s http server', () => {
    expectTypeOf<ReturnType<typeof guard.protectHandler>>().toExtend<
      (request: IncomingMessage, response: ServerResponse) => void
    >()
  })
})
