import { randomBytes } from 'node:crypto'
import { KEY_SECRET_PREFIX, SCOPES, UPLOAD_SCOPE, VERIFIER_PREFIX } from '@interhuman-auth/protocol'
import { describe, expect, test } from 'vitest'
import { hashSecret } from '../src/api-key.ts'
import type { KeyCredentials } from '../src/authenticate-key.ts'
import { type IntrospectDependencies, introspect } from '../src/introspection.ts'
import { newSecret } from '../src/secret-format.ts'
import { AUDIENCE, ISSUER, KEY_ID, NOW, newTestSigner } from './support/own-tokens.ts'

const signer = newTestSigner()
const SECRET = newSecret(KEY_SECRET_PREFIX, randomBytes)
const OLD_SECRET = newSecret(KEY_SECRET_PREFIX, randomBytes)
const key: KeyCredentials = {
  keyId: KEY_ID,
  scopes: SCOPES,
  state: 'active',
  generation: 3,
  expiresAt: null,
  secretHash: hashSecret(SECRET),
  previousSecretHash: null,
  previousSecretExpiresAt: null,
  direct: true,
  revision: 1,
  secretNumber: 1,
  previousSecretNumber: null,
}
const rotated = { previousSecretHash: hashSecret(OLD_SECRET), previousSecretExpiresAt: NOW + 60 }

interface World {
  readonly stored?: KeyCredentials | undefined
  readonly revoked?: readonly string[]
  readonly now?: number
}

/** A store of one key, and what was asked of it. */
function world({ stored = key, revoked = [], now = NOW }: World = {}) {
  const lookedUp: string[] = []
  const dependencies: IntrospectDependencies = {
    issuer: ISSUER,
    audience: AUDIENCE,
    verificationKey: signer.verificationKey,
    now: () => now,
    async findKeyCredentials(keyId) {
      lookedUp.push(keyId)
      return stored?.keyId === keyId ? stored : undefined
    },
    async findKeyCredentialsBySecret(secretHash) {
      lookedUp.push('secret')
      const held = [stored?.secretHash, stored?.previousSecretHash]
      return held.some((each) => each?.equals(secretHash)) ? stored : undefined
    },
    isTokenRevoked: async (tokenId) => revoked.includes(tokenId),
  }
  return { dependencies, lookedUp, ask: (credential: string) => introspect(credential, dependencies) }
}

describe('introspection', () => {
  test('says of an access token its claims and its type, after one look-up', async () => {
    const { ask, lookedUp } = world()
    expect(await ask(signer.accessToken())).toEqual({
      active: true,
      token_type: 'Bearer',
      iss: ISSUER,
      sub: KEY_ID,
      aud: AUDIENCE,
      exp: NOW + 900,
      iat: NOW,
      jti: 'token-1',
      client_id: KEY_ID,
      scope: UPLOAD_SCOPE,
      gen: 3,
    })
    expect(lookedUp).toEqual([KEY_ID])
  })

  test('says of a client token its caps as well', async () => {
    expect(await world().ask(signer.clientToken())).toMatchObject({
      active: true,
      token_type: 'Bearer',
      exp: NOW + 300,
      max_concurrent: 2,
      allowed_origins: ['https://app.test'],
    })
  })

  test.each<[string, World]>([
    ['key is gone', { stored: { ...key, keyId: 'ihk_1' } }],
    ['key is disabled', { stored: { ...key, state: 'disabled' } }],
    ['key is revoked', { stored: { ...key, state: 'revoked' } }],
    ['key is of a later generation', { stored: { ...key, generation: 4 } }],
    ['key has expired', { stored: { ...key, expiresAt: NOW } }],
    ['own end was brought forward', { revoked: ['token-1'] }],
    ['time is over', { now: NOW + 900 }],
  ])('says nothing of a token whose %s', async (_, at) => {
    expect(await world(at).ask(signer.accessToken())).toBeUndefined()
    expect(await world(at).ask(signer.clientToken())).toBeUndefined()
  })

  test('takes a token of a generation that this node has not heard of yet', async () => {
    expect(await world().ask(signer.accessToken({ generation: 4 }))).toMatchObject({ active: true, gen: 4 })
  })

  test.each([
    ['nothing', ''],
    ['text', 'LEAK'],
    ['a token of another service', newTestSigner().accessToken()],
    ['a token of another issuer', signer.accessToken({ issuer: 'https://other.test' })],
    ['a verifier’s secret', newSecret(VERIFIER_PREFIX, randomBytes)],
    ['a key id', KEY_ID],
  ])('attack 29: says nothing of %s, and looks nothing up', async (_, credential) => {
    const { ask, lookedUp } = world()
    expect(await ask(credential)).toBeUndefined()
    expect(lookedUp).toEqual([])
  })

  test('fails where the store does, and never calls that inactive', async () => {
    const fail = () => Promise.reject(new Error('LEAK'))
    const dependencies = {
      ...world().dependencies,
      findKeyCredentials: fail,
      findKeyCredentialsBySecret: fail,
      isTokenRevoked: fail,
    }
    await expect(introspect(signer.accessToken(), dependencies)).rejects.toThrow('LEAK')
    await expect(introspect(SECRET, dependencies)).rejects.toThrow('LEAK')
    await expect(
      introspect(signer.accessToken(), { ...dependencies, findKeyCredentials: async () => key }),
    ).rejects.toThrow('LEAK')
  })
})

describe('introspection of an API key', () => {
  test('that may be used directly says what it holds, after one look-up', async () => {
    const { ask, lookedUp } = world()
    expect(await ask(SECRET)).toEqual({
      active: true,
      token_type: 'api_key',
      scope: SCOPES.join(' '),
      client_id: KEY_ID,
      sub: KEY_ID,
      gen: 3,
      iss: ISSUER,
      aud: AUDIENCE,
    })
    expect(lookedUp).toEqual(['secret'])
  })

  test.each<[string, string, Partial<KeyCredentials>, number | undefined]>([
    ['the key’s own', SECRET, { expiresAt: NOW + 30 }, NOW + 30],
    ['none for the new secret', SECRET, rotated, undefined],
    ['the overlap’s for the old one', OLD_SECRET, rotated, NOW + 60],
    ['the earlier one of both', OLD_SECRET, { ...rotated, expiresAt: NOW + 30 }, NOW + 30],
    ['the overlap’s, if that is earlier', OLD_SECRET, { ...rotated, expiresAt: NOW + 90 }, NOW + 60],
  ])('gives its end: %s', async (_, secret, change, exp) => {
    const answer = await world({ stored: { ...key, ...change } }).ask(secret)
    expect(answer?.active).toBe(true)
    expect(answer?.exp).toBe(exp)
  })

  test.each<[string, string, Partial<KeyCredentials>]>([
    ['may not be used directly', SECRET, { direct: false }],
    ['is disabled', SECRET, { state: 'disabled' }],
    ['is revoked', SECRET, { state: 'revoked' }],
    ['has expired', SECRET, { expiresAt: NOW }],
    ['has no such secret', OLD_SECRET, {}],
    ['had the secret until now', OLD_SECRET, { ...rotated, previousSecretExpiresAt: NOW }],
  ])('that %s says nothing', async (_, secret, change) => {
    expect(await world({ stored: { ...key, ...change } }).ask(secret)).toBeUndefined()
  })

  test.each<[string, string, Partial<KeyCredentials>, number]>([
    ['its secret', SECRET, { secretNumber: 2 }, 2],
    ['the new one of two', SECRET, { ...rotated, secretNumber: 2, previousSecretNumber: 1 }, 2],
    ['the old one of two', OLD_SECRET, { ...rotated, secretNumber: 2, previousSecretNumber: 1 }, 1],
    ['no secret of it, where it may not be used directly', SECRET, { direct: false }, 0],
    ['no secret of it, where it is disabled', SECRET, { state: 'disabled' }, 0],
    [
      'no secret of it, where the secret has ended',
      OLD_SECRET,
      { ...rotated, previousSecretExpiresAt: NOW },
      0,
    ],
  ])('counts as a use of %s', async (_, secret, change, secretNumber) => {
    const seen = { knownKeyId: '', secretNumber: 0 }
    await introspect(secret, world({ stored: { ...key, ...change } }).dependencies, seen)
    expect(seen).toEqual({ knownKeyId: secretNumber === 0 ? '' : KEY_ID, secretNumber })
  })

  test('is asked for nowhere where a token is: that uses no secret', async () => {
    const seen = { knownKeyId: '', secretNumber: 0 }
    expect(await introspect(signer.accessToken(), world().dependencies, seen)).toBeDefined()
    expect(seen).toEqual({ knownKeyId: '', secretNumber: 0 })
  })

  test('does not trust a look-up that gives another key', async () => {
    const other = { ...key, secretHash: hashSecret('LEAK'), previousSecretHash: null }
    const dependencies = { ...world().dependencies, findKeyCredentialsBySecret: async () => other }
    expect(await introspect(SECRET, dependencies)).toBeUndefined()
  })
})
