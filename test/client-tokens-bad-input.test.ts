import { ERRORS, SCOPES, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectError } from './support/contract-body.ts'
import { formatRequest, type RawResponse, sendRaw } from './support/raw-http.ts'
import { parseLogs, type RunningService, startService } from './support/start-service.ts'

// What a client can do wrong with client tokens, at the socket of the real process. Our contract, sections 1, 2 and 5.

const ISSUE = '/v1/client_tokens'
const REVOKE = '/v1/client_tokens/revoke'
const ORIGIN = 'https://app.example.com'
const WRONG_TEXTS = [null, true, 0, 1.5, [], {}, ['LEAK']]
const ALTERNATIVE = 'must not be sent beside what stands for the same'

type Key = Awaited<ReturnType<RunningService['createKey']>>

let service: RunningService
let revoked: Key
let uploadOnly: Key
let good: Record<'/v1/client_tokens' | '/v1/client_tokens/revoke', Record<string, unknown>>

beforeAll(async () => {
  service = await startService()
  const key = { key_id: service.keyId, key_secret: service.keySecret }
  const createRevoked = async () => {
    revoked = await service.createKey({ scopes: SCOPES })
    expect((await service.keys('revoke', revoked.keyId)).code).toBe(0)
  }
  const createUploadOnly = async () => {
    uploadOnly = await service.createKey({ scopes: [UPLOAD_SCOPE] })
  }
  await Promise.all([createRevoked(), createUploadOnly()])
  good = { [ISSUE]: key, [REVOKE]: { ...key, token_id: 'x' } }
})
afterAll(async () => {
  expect(await service.stop()).toBe(0)
  const logs = service.logs()
  expect(logs).not.toContain('LEAK')
  expect(logs).not.toContain(service.keySecret)
  const lines = parseLogs(logs)
  expect(lines.filter(({ status, event }) => event === 'failure' || Number(status) >= 500)).toEqual([])
})

async function post(
  path: string,
  body: unknown,
  options?: Parameters<typeof formatRequest>[2],
): Promise<RawResponse | undefined> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return (await sendRaw(service.url, formatRequest(path, text, options), { count: 1 })).responses[0]
}

describe.each([ISSUE, REVOKE] as const)('%s', (path) => {
  test('takes a good request', async () => {
    expect((await post(path, good[path]))?.status).toBe(200)
  })

  test('a body that is not JSON, no object, or of another type is 400', async () => {
    for (const body of ['', 'LEAK', '{"key_id":"LEAK', '['.repeat(10_000)])
      expectError(await post(path, body), ERRORS.bodyNotJson, path)
    for (const body of ['null', '1', '"LEAK"', '[]', '[{"api_key":"LEAK"}]'])
      expectError(await post(path, body), ERRORS.bodyNotObject, path)
    for (const contentType of [null, 'text/plain', 'application/x-www-form-urlencoded'])
      expectError(await post(path, good[path], { contentType }), ERRORS.wrongContentType, path)
    const { responses } = await sendRaw(service.url, `POST ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`, {
      count: 1,
    })
    expectError(responses[0], ERRORS.wrongContentType, path)
  })

  test('an API key that is absent, or half of one, is 400, whatever else is wrong', async () => {
    const { key_id, key_secret, ...rest } = good[path]
    const wrong = { ...rest, scopes: 'LEAK', token: 1 }
    expectError(await post(path, wrong), ERRORS.apiKeyAbsent, path)
    expectError(await post(path, {}), ERRORS.apiKeyAbsent, path)
    expectError(await post(path, { ...wrong, key_id }), ERRORS.keySecretAbsent, path)
    expectError(await post(path, { ...wrong, key_secret }), ERRORS.keyIdAbsent, path)
    const inherited = `{"__proto__":${JSON.stringify(good[path])}}`
    expectError(await post(path, inherited), ERRORS.apiKeyAbsent, path)
  })

  test('two API keys at once are 422: it could not be told which one counts', async () => {
    const body = { ...good[path], api_key: service.keySecret }
    expectError(await post(path, body), ERRORS.fieldInvalid, path, {
      key_id: ALTERNATIVE,
      key_secret: ALTERNATIVE,
      api_key: ALTERNATIVE,
    })
    expect((await post(path, { ...body, key_secret: undefined }))?.status).toBe(422)
  })

  test.each(['api_key', 'key_id', 'key_secret'])(
    '%s that is null, empty or of another type is 422',
    async (field) => {
      const { key_id, key_secret, ...rest } = good[path]
      const body = field === 'api_key' ? rest : good[path]
      for (const value of WRONG_TEXTS)
        expectError(await post(path, { ...body, [field]: value }), ERRORS.fieldInvalid, path, {
          [field]: 'must be a string',
        })
      expectError(await post(path, { ...body, [field]: '' }), ERRORS.fieldInvalid, path, {
        [field]: 'must not be empty',
      })
    },
  )

  test('a field of 1 MB is 413, and the answer arrives', async () => {
    for (const field of ['api_key', 'token', 'allowed_origins', 'x'])
      expectError(
        await post(path, { ...good[path], [field]: `LEAK${'x'.repeat(1_000_000)}` }),
        ERRORS.bodyTooLarge,
        path,
      )
  })

  test('every cause of a 401 gets one answer, byte for byte, in either form of the key', async () => {
    const { key_id, key_secret, ...rest } = good[path]
    const { keyId, keySecret } = revoked
    const last = service.keySecret.endsWith('0') ? '1' : '0'
    const seen = new Set<string>()
    for (const credential of [
      { key_id: 'ihk_00000000000000000000', key_secret },
      { key_id, key_secret: 'LEAK' },
      { key_id, key_secret: service.keySecret.slice(0, -1) + last },
      { key_id: keyId, key_secret: keySecret },
      { key_id: keyId, key_secret },
      { api_key: 'LEAK' },
      { api_key: service.keySecret.slice(0, -1) + last },
      { api_key: `${service.keySecret}\0` },
      { api_key: keySecret },
      { api_key: service.keyId },
      { api_key: 'LEAK', scopes: [UPLOAD_SCOPE] },
    ]) {
      const response = await post(path, { ...rest, ...credential })
      expectError(response, ERRORS.invalidCredentials, path)
      const { date: _, ...headers } = response?.headers ?? {}
      const all = JSON.stringify(headers) + response?.body
      seen.add(all.replaceAll(response?.headers['x-correlation-id'] ?? '', ''))
    }
    expect(seen.size).toBe(1)
  })

  test.each(['api_key=LEAK', 'token=LEAK', 'access_token=LEAK', 'x=ih_live_LEAK'])(
    'in the query (%s) a credential is 400',
    async (query) => {
      expectError(await post(`${path}?${query}`, good[path]), ERRORS.credentialInQuery, path)
    },
  )

  test.each(['GET', 'OPTIONS', 'PUT', 'DELETE'])('%s is 405, without CORS', async (method) => {
    const headers = [`Origin: ${ORIGIN}`, 'Access-Control-Request-Method: POST']
    const response = await post(path, good[path], { method, headers })
    expectError(response, ERRORS.methodNotAllowed, path)
    expect(response?.headers.allow).toBe('POST')
    expect(JSON.stringify(response?.headers)).not.toContain('access-control')
  })

  test('members that nobody knows are ignored, __proto__ among them', async () => {
    const extra =
      '"__proto__":{"api_key":"LEAK","scopes":[]},"constructor":{"prototype":{"LEAK":1}},"toString":1'
    const body = `{${extra},${JSON.stringify(good[path]).slice(1)}`
    expect((await post(path, body))?.status).toBe(200)
  })
})

describe('what is asked for', () => {
  const ask = (body: object) => post(ISSUE, { ...good[ISSUE], ...body })
  const expectRefused = async (field: string, value: unknown, problem: string, place = field) =>
    expectError(await ask({ [field]: value }), ERRORS.fieldInvalid, ISSUE, { [place]: problem })

  test('scopes that are null, empty, of another type or unknown are 422', async () => {
    for (const scopes of [null, true, 0, STREAM_SCOPE, {}])
      await expectRefused('scopes', scopes, 'must be a list')
    await expectRefused('scopes', [], 'must not be empty')
    const known = `must be one of ${SCOPES.join(', ')}`
    for (const scope of ['LEAK', '*', ` ${STREAM_SCOPE}`, STREAM_SCOPE.replace('a', '\u0430')])
      await expectRefused('scopes', [UPLOAD_SCOPE, scope], known, 'scopes[1]')
  })

  test('a scope that the key lacks is 403, and the whole request is refused; the default is no exception', async () => {
    const credential = { key_id: uploadOnly.keyId, key_secret: uploadOnly.keySecret }
    for (const scopes of [undefined, [STREAM_SCOPE], [UPLOAD_SCOPE, STREAM_SCOPE]])
      expectError(await post(ISSUE, { ...credential, scopes }), ERRORS.insufficientScope, ISSUE)
    expect((await post(ISSUE, { ...credential, scopes: [UPLOAD_SCOPE] }))?.status).toBe(200)
  })

  test('a life that is no number is 422', async () => {
    for (const expires_in of [null, true, '300', '', [], {}])
      await expectRefused('expires_in', expires_in, 'must be a number')
  })

  test.each(['max_duration_seconds', 'max_bytes', 'max_concurrent', 'max_video_seconds'])(
    '%s that is no whole number from 1 on is 422, never no limit',
    async (field) => {
      for (const value of [null, true, '5', 1.5, [], {}])
        await expectRefused(field, value, 'must be a whole number')
      for (const value of [0, -1, -1e300]) await expectRefused(field, value, 'must be at least 1')
      await expectRefused(field, 1e300, `must be at most ${Number.MAX_SAFE_INTEGER}`)
    },
  )

  test.each([
    ['a wildcard', '*'],
    ['a wildcard in the host', 'https://*.example.com'],
    ['null', 'null'],
    ['nothing', ''],
    ['a host', 'app.example.com'],
    ['a trailing slash', `${ORIGIN}/`],
    ['a path', `${ORIGIN}/x`],
    ['a query', `${ORIGIN}?x`],
    ['a fragment', `${ORIGIN}#x`],
    ['capitals', 'https://App.example.com'],
    ['a scheme in capitals', 'HTTPS://app.example.com'],
    ['the default port', `${ORIGIN}:443`],
    ['an empty port', `${ORIGIN}:`],
    ['a port that does not exist', `${ORIGIN}:99999`],
    ['a port with a zero in front', `${ORIGIN}:08443`],
    ['a user', 'https://LEAK@app.example.com'],
    ['another scheme', 'ws://app.example.com'],
    ['a scheme of no web page', 'javascript:alert(1)'],
    ['a look-alike letter', 'https://\u0430pp.example.com'],
    ['a full-width dot', 'https://app\uff0eexample.com'],
    ['a percent sign', 'https://%61pp.example.com'],
    ['a blank in front', ` ${ORIGIN}`],
    ['a line break behind', `${ORIGIN}\n`],
    ['two of them', `${ORIGIN}, ${ORIGIN}`],
    ['an address of another spelling', 'http://127.1'],
  ])('attack 45: an origin that is %s is 422: it would match nothing, or too much', async (_what, origin) => {
    const problem = 'must be an origin as a browser sends it, such as https://app.example.com'
    await expectRefused('allowed_origins', [ORIGIN, origin], problem, 'allowed_origins[1]')
  })

  test('origins that are no list of texts, none, too many or too long are 422', async () => {
    for (const origins of [null, true, 0, ORIGIN, {}])
      await expectRefused('allowed_origins', origins, 'must be a list')
    await expectRefused('allowed_origins', [], 'must not be empty')
    await expectRefused('allowed_origins', [null], 'must be a string', 'allowed_origins[0]')
    await expectRefused('allowed_origins', Array(11).fill(ORIGIN), 'must not have more than 10 entries')
    const long = `https://${'a.'.repeat(100)}example.com`
    await expectRefused(
      'allowed_origins',
      [long],
      'must not be longer than 200 characters',
      'allowed_origins[0]',
    )
  })

  test('all that is wrong is told at once, without what was sent, and the answer stays small', async () => {
    const response = await ask({
      scopes: Array(900).fill('LEAK'),
      expires_in: 'LEAK',
      max_bytes: 'LEAK',
      allowed_origins: ['LEAK'],
    })
    expect(response?.status).toBe(422)
    expect(response?.body).not.toContain('LEAK')
    expect(response?.body.length).toBeLessThan(2000)
  })
})

describe('what is to be revoked', () => {
  const ask = (body: object) => {
    const { token_id: _, ...key } = good[REVOKE]
    return post(REVOKE, { ...key, ...body })
  }

  test('that is not named is 400, after the key and before all else', async () => {
    expectError(await ask({}), ERRORS.tokenAbsent, REVOKE)
    expectError(await ask({ key_id: 1 }), ERRORS.tokenAbsent, REVOKE)
  })

  test('that is named twice, or by what is no text, is 422', async () => {
    expectError(await ask({ token: 'LEAK', token_id: 'LEAK' }), ERRORS.fieldInvalid, REVOKE, {
      token_id: ALTERNATIVE,
      token: ALTERNATIVE,
    })
    for (const field of ['token', 'token_id']) {
      for (const value of WRONG_TEXTS)
        expectError(await ask({ [field]: value }), ERRORS.fieldInvalid, REVOKE, {
          [field]: 'must be a string',
        })
      expectError(await ask({ [field]: '' }), ERRORS.fieldInvalid, REVOKE, { [field]: 'must not be empty' })
    }
  })
})
