import { createGuard, keySet } from '@interhuman-auth/guard'
import {
  ERRORS,
  type ErrorRow,
  KEY_SET_PATH,
  SCOPES,
  STREAM_SCOPE,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectError, UUID } from './support/contract-body.ts'
import { formatRequest, type RawResponse, sendRaw } from './support/raw-http.ts'
import { parseLogs, type RunningService, runService, startService } from './support/start-service.ts'

// The standard dialect at the real process, asked by clients that know nothing of us, and at the socket. Our contract, section 6.

const ISSUER = 'http://127.0.0.1:4747'
const FORM = 'application/x-www-form-urlencoded'
const GRANT = `grant_type=client_credentials&scope=${UPLOAD_SCOPE}`

let service: RunningService
let verifier: string
/** The issuer does not follow the port, so that what is sent to it goes to the service. */
const toService = (url: string, init?: object) => fetch(url.replace(ISSUER, service.url), init)

async function makeVerifier(name: string): Promise<{ verifier_id: string; verifier_secret: string }> {
  const result = await runService([
    'verifiers',
    'create',
    '--name',
    name,
    '--json',
    '--data-dir',
    service.dataDir,
  ])
  expect(result.code).toBe(0)
  return JSON.parse(result.stdout) as { verifier_id: string; verifier_secret: string }
}

beforeAll(async () => {
  service = await startService()
  verifier = (await makeVerifier('test')).verifier_secret
})
afterAll(async () => {
  expect(await service.stop()).toBe(0)
  const leaks = service
    .logs()
    .split('\n')
    .filter((line) => [service.keySecret, verifier, 'LEAK', 'eyJ'].some((secret) => line.includes(secret)))
  expect(leaks).toEqual([])
  expect(parseLogs(service.logs()).filter(({ event }) => event === 'failure')).toEqual([])
})

async function post(
  path: string,
  body: string,
  headers: readonly string[] = [],
  contentType: string | null = FORM,
): Promise<RawResponse | undefined> {
  const bytes = formatRequest(path, body, { headers, contentType })
  return (await sendRaw(service.url, bytes, { count: 1 })).responses.at(-1)
}

const basic = (keyId = service.keyId, keySecret = service.keySecret) =>
  `Authorization: Basic ${btoa(`${keyId}:${keySecret}`)}`
const client = () => `client_id=${service.keyId}&client_secret=${service.keySecret}`
const introspect = (token: string, secret = verifier) =>
  post('/oauth2/introspect', `token=${token}`, [`Authorization: Bearer ${secret}`])

async function issue(scope: string = UPLOAD_SCOPE): Promise<string> {
  const response = await post('/oauth2/token', `grant_type=client_credentials&scope=${scope}`, [basic()])
  expect(response?.status).toBe(200)
  return (JSON.parse(response?.body ?? '') as { access_token: string }).access_token
}

const isActive = async (token: string) =>
  (JSON.parse((await introspect(token))?.body ?? '') as { active: boolean }).active

describe.each([
  ['client_secret_basic', openid.ClientSecretBasic, oauth.ClientSecretBasic],
  ['client_secret_post', openid.ClientSecretPost, oauth.ClientSecretPost],
])('a client that authenticates by %s', (_, openidAuth, oauthAuth) => {
  test('is openid-client: it finds everything, gets a token that the guard takes, and revokes it', async () => {
    const config = await openid.discovery(
      new URL(ISSUER),
      service.keyId,
      undefined,
      openidAuth(service.keySecret),
      { algorithm: 'oauth2', execute: [openid.allowInsecureRequests], [openid.customFetch]: toService },
    )
    const token = await openid.clientCredentialsGrant(config, { scope: SCOPES.join(' ') })
    expect(token).toMatchObject({ token_type: 'bearer', expires_in: 900, scope: SCOPES.join(' ') })
    const guard = createGuard({ issuer: ISSUER, keys: keySet(service.url + KEY_SET_PATH) })
    const headers = new Headers({ Authorization: `Bearer ${token.access_token}` })
    const decision = await guard({ method: 'POST', url: '/v0/upload/analyze', headers }, UPLOAD_SCOPE)
    expect(decision).toMatchObject({ granted: true })
    expect(await isActive(token.access_token)).toBe(true)
    await openid.tokenRevocation(config, token.access_token, { token_type_hint: 'refresh_token' })
    expect(await isActive(token.access_token)).toBe(false)
  })

  test('is oauth4webapi: the same, step by step', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true, [oauth.customFetch]: toService }
    const issuer = new URL(ISSUER)
    const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
    const as = await oauth.processDiscoveryResponse(issuer, found)
    const me = { client_id: service.keyId }
    const auth = oauthAuth(service.keySecret)
    const granted = await oauth.clientCredentialsGrantRequest(as, me, auth, { scope: STREAM_SCOPE }, insecure)
    const token = await oauth.processClientCredentialsResponse(as, me, granted)
    expect(token).toMatchObject({ expires_in: 900, scope: STREAM_SCOPE })

    const asVerifier: oauth.ClientAuth = (_as, _client, _body, headers) =>
      headers.set('authorization', `Bearer ${verifier}`)
    const ask = async () =>
      oauth.processIntrospectionResponse(
        as,
        me,
        await oauth.introspectionRequest(as, me, asVerifier, token.access_token, insecure),
      )
    expect(await ask()).toMatchObject({ active: true, client_id: service.keyId, scope: STREAM_SCOPE, gen: 1 })
    const revoked = await oauth.revocationRequest(as, me, auth, token.access_token, insecure)
    await oauth.processRevocationResponse(revoked)
    expect(await ask()).toEqual({ active: false })

    const wrong = await oauth.clientCredentialsGrantRequest(as, me, oauthAuth('LEAK'), {}, insecure)
    await expect(oauth.processClientCredentialsResponse(as, me, wrong)).rejects.toThrow(
      expect.objectContaining({ status: expect.any(Number) }),
    )
  })
})

describe('the token endpoint', () => {
  test('answers as RFC 6749 section 5.1 has it, and nobody keeps the answer', async () => {
    const response = await post('/oauth2/token', `${GRANT}&${client()}`, [], `${FORM}; charset=UTF-8`)
    expect(response?.status).toBe(200)
    expect(response?.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'x-correlation-id': expect.stringMatching(UUID),
    })
    expect(response?.headers).not.toHaveProperty('etag')
    expect(response?.body).toMatch(
      new RegExp(
        `^\\{"access_token":"[\\w.-]+","token_type":"Bearer","expires_in":900,"scope":"${UPLOAD_SCOPE}"\\}$`,
      ),
    )
  })

  const needed = { grant_type: 'is needed' }
  test.each<[string, ErrorRow, string, string[], object?]>([
    ['no grant type', ERRORS.parameterAbsent, `scope=${UPLOAD_SCOPE}`, ['auth'], needed],
    ['an empty grant type', ERRORS.parameterAbsent, 'grant_type=', ['auth'], needed],
    [
      'another grant type',
      ERRORS.grantTypeUnsupported,
      'grant_type=password&username=a&password=LEAK',
      ['auth'],
    ],
    ['a grant type twice', ERRORS.parameterRepeated, `${GRANT}&grant_type=client_credentials`, ['auth']],
    ['a scope twice', ERRORS.parameterRepeated, `${GRANT}&scope=${STREAM_SCOPE}`, ['auth']],
    ['what nobody knows twice', ERRORS.parameterRepeated, `${GRANT}&x=1&x=2`, ['auth']],
    ['what is no form', ERRORS.formMalformed, `${GRANT}&x=%LEAK`, ['auth']],
    ['no scope', ERRORS.scopeRefused, 'grant_type=client_credentials', ['auth']],
    ['an empty scope', ERRORS.scopeRefused, 'grant_type=client_credentials&scope=', ['auth']],
    ['an unknown scope', ERRORS.scopeRefused, `${GRANT}+LEAK`, ['auth']],
    ['a scope with a no-break space', ERRORS.scopeRefused, `${GRANT}%C2%A0${STREAM_SCOPE}`, ['auth']],
  ])('says of %s what RFC 6749 section 5.2 says', async (_, row, body, [auth], problems) => {
    const response = await post('/oauth2/token', body, auth === undefined ? [] : [basic()])
    expectError(response, row, '/oauth2/token', problems as Record<string, string>)
    expect(response?.headers.pragma).toBe('no-cache')
  })

  test.each<[string, ErrorRow, () => [string, string[]]]>([
    ['no client', ERRORS.credentialAbsent, () => [GRANT, []]],
    ['half a client', ERRORS.credentialAbsent, () => [`${GRANT}&client_id=${service.keyId}`, []]],
    ['an unknown client', ERRORS.invalidCredentials, () => [GRANT, [basic('ihk_00000000000000000000')]]],
    ['a wrong secret', ERRORS.invalidCredentials, () => [GRANT, [basic(service.keyId, 'LEAK')]]],
    [
      'a last byte that is wrong',
      ERRORS.invalidCredentials,
      () => [GRANT, [basic(service.keyId, `${service.keySecret.slice(0, -1)}_`)]],
    ],
    [
      'a wrong secret in the form',
      ERRORS.invalidCredentials,
      () => [`${GRANT}&client_id=a&client_secret=LEAK`, []],
    ],
    ['NUL in the id', ERRORS.invalidCredentials, () => [`${GRANT}&client_id=%00&client_secret=LEAK`, []]],
    [
      'a header that cannot be read',
      ERRORS.invalidCredentials,
      () => [GRANT, ['Authorization: Basic LEAK!']],
    ],
    [
      'another scheme',
      ERRORS.invalidCredentials,
      () => [GRANT, [`Authorization: Bearer ${service.keySecret}`]],
    ],
  ])('challenges %s: 401 invalid_client', async (_, row, request) => {
    const response = await post('/oauth2/token', ...request())
    expectError(response, row, '/oauth2/token', {}, 'invalid_client')
    expect(response?.headers['www-authenticate']).toMatch(/^Basic realm="[^"]+"/)
  })

  test('attack 16: refuses a parameter that stands in the body and in the query', async () => {
    const response = await post(`/oauth2/token?scope=${UPLOAD_SCOPE}`, GRANT, [basic()])
    expectError(response, ERRORS.parameterRepeated, '/oauth2/token')
  })

  test('attack 17: refuses two ways of client authentication at once', async () => {
    const both = await post('/oauth2/token', `${GRANT}&${client()}`, [basic()])
    expectError(both, ERRORS.clientAuthenticationRepeated, '/oauth2/token')
    const twice = await post('/oauth2/token', GRANT, [basic(), basic()])
    expectError(twice, ERRORS.malformedRequest, '/oauth2/token')
  })

  test('attack 19: refuses a credential in the query', async () => {
    const response = await post('/oauth2/token?client_secret=LEAK', GRANT, [basic()])
    expectError(response, ERRORS.credentialInQuery, '/oauth2/token')
  })

  test('attack 20: refuses the whole request for a scope that the key does not hold', async () => {
    const { keyId, keySecret } = await service.createKey({ scopes: [UPLOAD_SCOPE] })
    const body = `grant_type=client_credentials&scope=${UPLOAD_SCOPE}+${STREAM_SCOPE}`
    const response = await post('/oauth2/token', body, [basic(keyId, keySecret)])
    expectError(response, ERRORS.scopeRefused, '/oauth2/token')
  })

  test('attack 28: takes no token for a client', async () => {
    const token = await issue()
    for (const keyId of [service.keyId, token])
      expectError(
        await post('/oauth2/token', GRANT, [basic(keyId, token)]),
        ERRORS.invalidCredentials,
        '/oauth2/token',
        {},
        'invalid_client',
      )
  })

  test.each([null, 'application/json', 'text/plain', 'multipart/form-data; boundary=LEAK', `${FORM}x`])(
    'takes forms only: a content type of %j is invalid_request',
    async (contentType) => {
      expectError(
        await post('/oauth2/token', GRANT, [basic()], contentType),
        ERRORS.formContentType,
        '/oauth2/token',
      )
    },
  )

  test('takes no more than its limit', async () => {
    const response = await post('/oauth2/token', `${GRANT}&x=${'a'.repeat(16_384)}`, [basic()])
    expectError(response, ERRORS.bodyTooLarge, '/oauth2/token')
  })
})

test.each(['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke'])('%s takes POST only', async (path) => {
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
    const { responses } = await sendRaw(service.url, formatRequest(path, '', { method }), { count: 1 })
    expectError(responses[0], ERRORS.methodNotAllowed, path)
    expect(responses[0]?.headers.allow).toBe('POST')
  }
  const head = await fetch(service.url + path, { method: 'HEAD' })
  expect([head.status, head.headers.get('allow')]).toEqual([405, 'POST'])
})

describe('introspection', () => {
  test('says of a token its claims, and of a client token its caps', async () => {
    const [, payload = ''] = (await issue()).split('.')
    const token = await issue()
    const response = await introspect(token)
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object
    expect(payload).not.toBe('')
    expect(JSON.parse(response?.body ?? '')).toEqual({ active: true, token_type: 'Bearer', ...claims })
    expect(response?.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' })

    const made = await fetch(`${service.url}/v1/client_tokens`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ api_key: service.keySecret, max_bytes: 5 }),
    })
    const clientToken = ((await made.json()) as { access_token: string }).access_token
    expect(JSON.parse((await introspect(clientToken))?.body ?? '')).toMatchObject({
      active: true,
      scope: STREAM_SCOPE,
      max_concurrent: 1,
      max_bytes: 5,
    })
  })

  test('attack 29: says of everything else that it is not active, and nothing more', async () => {
    const token = await issue()
    for (const other of ['LEAK', `${token}x`, token.slice(0, -3), service.keySecret, verifier, '%00'])
      expect((await introspect(other))?.body).toBe('{"active":false}')
  })

  test('finds a token whatever the hint says', async () => {
    const body = `token=${await issue()}&token_type_hint=refresh_token`
    const response = await post('/oauth2/introspect', body, [`Authorization: Bearer ${verifier}`])
    expect(JSON.parse(response?.body ?? '')).toMatchObject({ active: true })
  })

  test.each<[string, ErrorRow, () => string[], string]>([
    ['nobody', ERRORS.credentialAbsent, () => [], 'Bearer'],
    ['a client', ERRORS.credentialAbsent, () => [basic()], 'Bearer'],
    [
      'an API key',
      ERRORS.invalidCredentials,
      () => [`Authorization: Bearer ${service.keySecret}`],
      'invalid_token',
    ],
    [
      'an unknown verifier',
      ERRORS.invalidCredentials,
      () => ['Authorization: Bearer ihv_LEAK'],
      'invalid_token',
    ],
  ])('attack 29: tells %s nothing: 401 and a challenge', async (_, row, headers, challenge) => {
    const response = await post('/oauth2/introspect', `token=${await issue()}`, headers())
    expectError(response, row, '/oauth2/introspect')
    expect(response?.headers['www-authenticate']).toContain(challenge)
    expect(response?.headers['www-authenticate']).toMatch(/^Bearer/)
  })

  test('needs a token, in a form', async () => {
    const headers = [`Authorization: Bearer ${verifier}`]
    const needed = { token: 'is needed' }
    expectError(
      await post('/oauth2/introspect', '', headers),
      ERRORS.parameterAbsent,
      '/oauth2/introspect',
      needed,
    )
    expectError(
      await post('/oauth2/introspect', '{"token":"LEAK"}', headers, 'application/json'),
      ERRORS.formContentType,
      '/oauth2/introspect',
    )
  })

  test('a verifier that is revoked is refused on its next request', async () => {
    const made = await makeVerifier('short-lived')
    expect((await introspect('LEAK', made.verifier_secret))?.status).toBe(200)
    const revoke = ['verifiers', 'revoke', made.verifier_id, '--data-dir', service.dataDir]
    expect((await runService(revoke)).code).toBe(0)
    expectError(
      await introspect('LEAK', made.verifier_secret),
      ERRORS.invalidCredentials,
      '/oauth2/introspect',
    )
  })
})

describe('revocation', () => {
  const revoke = (token: string, headers = [basic()]) => post('/oauth2/revoke', `token=${token}`, headers)

  test('attack 30: of the token of another key, or of none, is 200 and has no effect', async () => {
    const other = await service.createKey({ scopes: [UPLOAD_SCOPE] })
    const token = await issue()
    for (const each of [token, 'LEAK', `${token}x`]) {
      const response = await revoke(each, [basic(other.keyId, other.keySecret)])
      expect([response?.status, response?.body]).toEqual([200, '{}'])
    }
    expect(await isActive(token)).toBe(true)
  })

  test('of an API key is refused: it would go on working', async () => {
    expectError(await revoke(service.keySecret), ERRORS.tokenTypeUnsupported, '/oauth2/revoke')
  })

  test.each<[string, ErrorRow, () => string[]]>([
    ['nobody', ERRORS.credentialAbsent, () => []],
    ['a wrong secret', ERRORS.invalidCredentials, () => [basic(service.keyId, 'LEAK')]],
    ['a verifier', ERRORS.invalidCredentials, () => [`Authorization: Bearer ${verifier}`]],
  ])('needs the client: challenges %s with 401 invalid_client', async (_, row, headers) => {
    const response = await revoke(await issue(), headers())
    expectError(response, row, '/oauth2/revoke', {}, 'invalid_client')
    expect(response?.headers['www-authenticate']).toMatch(/^Basic realm="[^"]+"/)
  })

  test('of a client token ends it as well', async () => {
    const made = await fetch(`${service.url}/v1/client_tokens`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ api_key: service.keySecret }),
    })
    const token = ((await made.json()) as { access_token: string }).access_token
    expect(await isActive(token)).toBe(true)
    expect((await revoke(token))?.status).toBe(200)
    expect(await isActive(token)).toBe(false)
  })
})
