import { gzipSync } from 'node:zlib'
import { ERRORS, type ErrorRow, SCOPES, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectError, expectToken, UUID } from './support/contract-body.ts'
import {
  formatRequest,
  openSocket,
  type RawRequest,
  type RawResponse,
  readExchange,
  sendRaw,
} from './support/raw-http.ts'
import { parseLogs, type RunningService, startService } from './support/start-service.ts'

// What a client can do wrong, at the socket of the real process. Our contract, sections 1 and 2.

const PATHS = ['/v0/auth', '/v1/auth'] as const
const BODY_LIMIT = 16_384

let service: RunningService
let good: { key_id: string; key_secret: string; scopes: unknown }
let goodBody: string

beforeAll(async () => {
  service = await startService({ args: ['--request-timeout-ms', '700'] })
  good = { key_id: service.keyId, key_secret: service.keySecret, scopes: [UPLOAD_SCOPE] }
  goodBody = JSON.stringify(good)
})
afterEach(async () => {
  const { responses } = await sendRaw(service.url, formatRequest('/v0/auth', goodBody), { count: 1 })
  expectToken(responses[0], UPLOAD_SCOPE)
})
afterAll(async () => {
  expect(await service.stop()).toBe(0)
  const logs = service.logs()
  const leaks = logs.split('\n').filter((line) => line.includes('LEAK') || line.includes(service.keySecret))
  expect(leaks).toEqual([])
  const statuses = parseLogs(logs)
    .filter(({ event }) => event === 'request')
    .map(({ status }) => Number(status))
  expect(statuses.filter((status) => status >= 500)).toEqual([])
  expect(parseLogs(logs).filter(({ event }) => event === 'failure')).toEqual([])
})

async function ask(
  bytes: string | Buffer,
  options: RawRequest = { count: 1 },
): Promise<RawResponse | undefined> {
  return (await sendRaw(service.url, bytes, options)).responses.at(-1)
}

const post = (path: string, body: unknown, options?: Parameters<typeof formatRequest>[2]) =>
  ask(
    formatRequest(
      path,
      typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      options,
    ),
  )

const head = (path: string, ...lines: string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: a.test', 'Content-Type: application/json', ...lines, '', ''].join('\r\n')

describe.each(PATHS)('%s', (path) => {
  describe('a body that is not a JSON object', () => {
    test.each([
      ['nothing', ''],
      ['text', 'ih_live_LEAK'],
      ['a cut object', '{"key_id":"LEAK'],
      ['a form', 'key_id=a&key_secret=LEAK'],
      ['a byte order mark', `\ufeff{}`],
      ['a comment', '{/* */}'],
      ['nesting that does not end', '['.repeat(10_000)],
      ['invalid UTF-8', Buffer.from('{"key_id":"\xff\xfe"}', 'latin1')],
      ['UTF-16', Buffer.from('{}', 'utf16le')],
      ['NUL', '\0'.repeat(10)],
    ])('%s is 400, not JSON', async (_, body) => {
      expectError(await post(path, body), ERRORS.bodyNotJson, path)
    })

    test('a compressed body is 400: no content coding is taken', async () => {
      const response = await post(path, gzipSync(goodBody), { headers: ['Content-Encoding: gzip'] })
      expectError(response, ERRORS.bodyNotJson, path)
    })

    test.each([
      'null',
      'true',
      '1',
      '1e400',
      '"LEAK"',
      '[]',
      '[{"key_id":"LEAK"}]',
      `${'['.repeat(8000)}${']'.repeat(8000)}`,
    ])('JSON that is no object is 400', async (body) => {
      expectError(await post(path, body), ERRORS.bodyNotObject, path)
    })

    test.each([
      undefined,
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      'application/json, text/plain',
      'multipart/form-data; boundary=LEAK',
      '',
      ';',
    ])('a content type of %j is 400', async (contentType) => {
      const response = await post(path, good, { contentType: contentType ?? null })
      expectError(response, ERRORS.wrongContentType, path)
    })

    test('no content type and no body is 400', async () => {
      expectError(await ask(`POST ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`), ERRORS.wrongContentType, path)
    })

    test.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/json;'])(
      'a content type of %j is JSON',
      async (contentType) => {
        expectToken(await post(path, good, { contentType }), UPLOAD_SCOPE)
      },
    )
  })

  describe('a field', () => {
    test.each([
      ['key_id', ERRORS.keyIdAbsent],
      ['key_secret', ERRORS.keySecretAbsent],
      ['scopes', ERRORS.scopesAbsent],
    ] as const)('%s that is absent is 400', async (field, row) => {
      const { [field]: _, ...rest } = good
      expectError(await post(path, rest), row, path)
    })

    test.each(['key_id', 'key_secret'])('%s that is null, empty or of another type is 422', async (field) => {
      for (const value of [null, true, 0, 1.5, [], {}, [good.key_secret]])
        expectError(await post(path, { ...good, [field]: value }), ERRORS.fieldInvalid, path, {
          [field]: 'must be a string',
        })
      const empty = await post(path, { ...good, [field]: '' })
      expectError(empty, ERRORS.fieldInvalid, path, { [field]: 'must not be empty' })
    })

    test('scopes that are null, empty or of another type are 422', async () => {
      for (const scopes of [null, true, 0, UPLOAD_SCOPE, { 0: UPLOAD_SCOPE }])
        expectError(await post(path, { ...good, scopes }), ERRORS.fieldInvalid, path, {
          scopes: 'must be a list',
        })
      const empty = await post(path, { ...good, scopes: [] })
      expectError(empty, ERRORS.fieldInvalid, path, { scopes: 'must not be empty' })
    })

    test.each(['key_id', 'key_secret', 'scopes'])(
      '%s of 1 MB is 413, and the answer arrives',
      async (field) => {
        const value = `LEAK${'x'.repeat(1_000_000)}`
        const bytes = formatRequest(
          path,
          JSON.stringify({ ...good, [field]: field === 'scopes' ? [value] : value }),
        )
        const { responses, error } = await sendRaw(service.url, bytes, { count: 1 })
        expect(error).toBeUndefined()
        expectError(responses[0], ERRORS.bodyTooLarge, path)
      },
    )

    test('the answer to a large body arrives, too, where the client wants the connection closed', async () => {
      for (const headers of [['Connection: close'], ['Connection: close', 'Expect: 100-continue']]) {
        const { responses, error } = await sendRaw(
          service.url,
          formatRequest(path, 'LEAK'.repeat(500_000), { headers }),
        )
        expect(error).toBeUndefined()
        expectError(responses.at(-1), ERRORS.bodyTooLarge, path)
      }
    })

    test('of a repeated member the last counts', async () => {
      const first = `{"key_secret":"LEAK","scopes":["LEAK"],${goodBody.slice(1)}`
      expectToken(await post(path, first), UPLOAD_SCOPE)
      const last = `${goodBody.slice(0, -1)},"key_secret":"LEAK"}`
      expectError(await post(path, last), ERRORS.invalidCredentials, path)
    })

    test('members that nobody knows are ignored, __proto__ and constructor among them', async () => {
      const extra =
        '"__proto__":{"key_id":"LEAK","scopes":[]},"constructor":{"prototype":{"LEAK":1}},"toString":1'
      expectToken(await post(path, `{${extra},${goodBody.slice(1)}`), UPLOAD_SCOPE)
      const inherited = await post(path, `{"__proto__":${goodBody}}`)
      expectError(inherited, ERRORS.keyIdAbsent, path)
    })

    test('10,000 levels of nesting beside the fields are ignored', async () => {
      const deep = `${'['.repeat(7900)}${']'.repeat(7900)}`
      expectToken(await post(path, `${goodBody.slice(0, -1)},"x":${deep}}`), UPLOAD_SCOPE)
      const over = `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
      expectError(await post(path, over), ERRORS.bodyTooLarge, path)
    })

    test.each(['\\ud800', '\\udfff', '\\u0000'])(
      '%s in a credential is a wrong credential',
      async (escaped) => {
        for (const field of ['key_id', 'key_secret'] as const) {
          const body = goodBody.replace(good[field], `${good[field]}${escaped}`)
          expectError(await post(path, body), ERRORS.invalidCredentials, path)
        }
      },
    )
  })

  describe('scopes', () => {
    test('both come in the order asked, and a repeated one counts once', async () => {
      const scopes = [STREAM_SCOPE, UPLOAD_SCOPE, STREAM_SCOPE, UPLOAD_SCOPE]
      expectToken(await post(path, { ...good, scopes }), `${STREAM_SCOPE} ${UPLOAD_SCOPE}`)
    })

    test.each([
      'interhumanai.admin',
      '',
      `${UPLOAD_SCOPE} ${STREAM_SCOPE}`,
      ` ${UPLOAD_SCOPE}`,
      `${UPLOAD_SCOPE}\u00a0`,
      `${UPLOAD_SCOPE}\t`,
      `${UPLOAD_SCOPE},`,
      UPLOAD_SCOPE.replace('a', '\u0430'),
      UPLOAD_SCOPE.toUpperCase(),
      '*',
    ])('%j is no scope: 422, with its place and not its text', async (scope) => {
      const response = await post(path, { ...good, scopes: [UPLOAD_SCOPE, scope] })
      expectError(response, ERRORS.fieldInvalid, path, { 'scopes[1]': `must be one of ${SCOPES.join(', ')}` })
    })

    test.each([[[null]], [[1]], [[{}]], [[[]]], [[true]], [[[UPLOAD_SCOPE]]]])(
      '%j are no scopes: 422, with the place',
      async (scopes) => {
        const response = await post(path, { ...good, scopes })
        expectError(response, ERRORS.fieldInvalid, path, { 'scopes[0]': 'must be a string' })
      },
    )

    test('a thousand unknown ones are 422, and the answer stays small', async () => {
      const response = await post(path, { ...good, scopes: Array.from({ length: 1000 }, () => 'x') })
      expect(response?.status).toBe(422)
      expect(response?.body.length).toBeLessThan(4000)
    })
  })

  describe('size and arrival', () => {
    test('16 KiB exactly is taken, one byte more is 413', async () => {
      expectToken(await post(path, goodBody.padEnd(BODY_LIMIT)), UPLOAD_SCOPE)
      expectError(await post(path, goodBody.padEnd(BODY_LIMIT + 1)), ERRORS.bodyTooLarge, path)
    })

    test('the same holds for a body in chunks, whose length nobody told', async () => {
      const chunked = (body: string) =>
        `${head(path, 'Transfer-Encoding: chunked')}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
      expectToken(await ask(chunked(goodBody.padEnd(BODY_LIMIT))), UPLOAD_SCOPE)
      expectError(await ask(chunked(goodBody.padEnd(BODY_LIMIT + 1))), ERRORS.bodyTooLarge, path)
    })

    test('a content length that is too long is 408 when nothing more comes, and the connection is closed', async () => {
      const { responses, error } = await sendRaw(
        service.url,
        head(path, `Content-Length: ${goodBody.length + 1}`) + goodBody,
      )
      expect(error).toBeUndefined()
      expectError(responses[0], ERRORS.requestTimeout, path)
      expect(responses[0]?.headers.connection).toBe('close')
    })

    test('a body of which the client ends the sending early is 400', async () => {
      const bytes = head(path, `Content-Length: ${goodBody.length + 1}`) + goodBody
      expectError(await ask(bytes, { end: true }), ERRORS.malformedRequest, path)
    })

    test('a content length that is too short cuts the body, and the rest is no request', async () => {
      const { responses } = await sendRaw(
        service.url,
        head(path, `Content-Length: ${goodBody.length - 1}`) + goodBody,
      )
      expect(responses).toHaveLength(2)
      expectError(responses[0], ERRORS.bodyNotJson, path)
      expect(responses[1]?.status).toBe(400)
    })

    test.each(['-1', 'LEAK', '', '1, 2', '99999999999999999999', '0x10', '+5'])(
      'a content length of %j is 400',
      async (length) => {
        const { responses } = await sendRaw(service.url, head(path, `Content-Length: ${length}`) + goodBody)
        expect(responses).toHaveLength(1)
        expectError(responses[0], ERRORS.malformedRequest, path)
      },
    )

    test.each([
      ['two content lengths', ['Content-Length: 5', 'Content-Length: 6']],
      ['a content length and chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
      ['chunks and a content length', ['Transfer-Encoding: chunked', 'Content-Length: 5']],
      ['another transfer coding', ['Transfer-Encoding: xchunked']],
      ['a transfer coding behind chunks', ['Transfer-Encoding: chunked, identity']],
      ['a transfer coding before chunks', ['Transfer-Encoding: gzip, chunked']],
      ['two transfer codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity']],
      ['a folded header', ['X-A: b', ' c', 'Content-Length: 5']],
      ['a blank before the colon', ['Content-Length : 5']],
      ['NUL in a header', ['X-A: LEAK\0', 'Content-Length: 5']],
      ['a second Host', ['Host: b.test', 'Content-Length: 5']],
    ])('%s: 400 and the end of the connection, so that nothing is smuggled behind', async (_, lines) => {
      const smuggled = `0\r\n\r\n${formatRequest(path, goodBody).toString()}`
      const { responses } = await sendRaw(service.url, head(path, ...lines) + smuggled)
      expect(responses).toHaveLength(1)
      expectError(responses[0], ERRORS.malformedRequest, path)
    })

    test('chunks that are not chunks are 400', async () => {
      const bytes = `${head(path, 'Transfer-Encoding: chunked')}LEAK\r\n${goodBody}\r\n0\r\n\r\n`
      expectError(await ask(bytes, {}), ERRORS.malformedRequest, path)
    })

    test('a body that arrives a byte a time is 408 once the time is over', async () => {
      const socket = openSocket(service.url)
      const exchange = readExchange(socket)
      socket.write(head(path, `Content-Length: ${goodBody.length}`))
      const dripping = setInterval(() => socket.write('{'), 100)
      const { responses } = await exchange
      clearInterval(dripping)
      expectError(responses[0], ERRORS.requestTimeout, path)
    })

    test('headers that arrive a byte a time are 408, too', async () => {
      const socket = openSocket(service.url)
      const exchange = readExchange(socket)
      socket.write(`POST ${path} HTTP/1.1\r\nX: `)
      const dripping = setInterval(() => socket.write('a'), 100)
      const { responses } = await exchange
      clearInterval(dripping)
      expect(responses[0]?.status).toBe(408)
      expect(responses[0]?.headers['x-correlation-id']).toMatch(UUID)
    })

    test.each([
      ['one long header', `X-A: LEAK${'a'.repeat(20_000)}`],
      ['a megabyte of header', `X-A: LEAK${'a'.repeat(1_000_000)}`],
      ['many headers', 'a: LEAK\r\n'.repeat(3000).trimEnd()],
      ['a large cookie', `Cookie: a=${'LEAK'.repeat(5000)}`],
      ['a large Authorization', `Authorization: Bearer ${'LEAK'.repeat(5000)}`],
    ])('%s: 431, and the answer arrives without a reset', async (_, line) => {
      const { responses, error } = await sendRaw(service.url, `${head(path, line, 'Content-Length: 2')}{}`)
      expect(error).toBeUndefined()
      expectError(responses[0], ERRORS.headersTooLarge, path)
    })

    test('an address that is too long is 431', async () => {
      const { responses } = await sendRaw(
        service.url,
        formatRequest(`${path}?${'a'.repeat(20_000)}`, goodBody),
      )
      expectError(responses[0], ERRORS.headersTooLarge, path)
    })
  })

  describe('credentials', () => {
    test('an unknown key, a wrong secret, a revoked, disabled or expired key: the same 401, byte for byte', async () => {
      const scopes = [UPLOAD_SCOPE]
      const revoked = await service.createKey({ scopes })
      const disabled = await service.createKey({ scopes })
      const expired = await service.createKey({ scopes, expiresInSeconds: 1 })
      expect((await service.keys('revoke', revoked.keyId)).code).toBe(0)
      expect((await service.keys('disable', disabled.keyId)).code).toBe(0)
      await new Promise((resolve) => setTimeout(resolve, 1100))
      const lastWrong = good.key_secret.slice(0, -1) + (good.key_secret.endsWith('0') ? '1' : '0')
      const refused = [
        { ...good, key_id: 'ihk_00000000000000000000' },
        { ...good, key_id: 'LEAK' },
        { ...good, key_secret: 'LEAK' },
        { ...good, key_secret: lastWrong },
        { ...good, key_secret: `${good.key_secret}LEAK` },
        { ...good, key_secret: good.key_secret.toUpperCase() },
        { ...good, key_id: good.key_id.toLowerCase() },
        { ...good, key_secret: 'LEAK', scopes: [STREAM_SCOPE] },
        ...[revoked, disabled, expired].map((key) => ({
          key_id: key.keyId,
          key_secret: key.keySecret,
          scopes,
        })),
      ]
      const seen = new Set<string>()
      for (const body of refused) {
        const response = await post(path, body)
        expectError(response, ERRORS.invalidCredentials, path)
        const correlationId = response?.headers['x-correlation-id'] ?? ''
        const { date: _, ...headers } = response?.headers ?? {}
        seen.add(`${JSON.stringify(headers)}${response?.body}`.replaceAll(correlationId, ''))
      }
      expect(seen.size).toBe(1)
    })

    test('a scope that the key lacks is 403, and the whole request is refused', async () => {
      const { keyId, keySecret } = await service.createKey({ scopes: [UPLOAD_SCOPE] })
      const scopes = [UPLOAD_SCOPE, STREAM_SCOPE]
      const response = await post(path, { key_id: keyId, key_secret: keySecret, scopes })
      expectError(response, ERRORS.insufficientScope, path)
    })

    test.each([
      'key_id=a&key_secret=LEAK',
      'key%5Fsecret=LEAK',
      'KEY_SECRET=LEAK',
      'keySecret=LEAK',
      'api_key=ih_live_LEAK',
      'access_token=LEAK',
      'x=ih_live_LEAK',
    ])('in the query (%s) they are 400', async (query) => {
      expectError(await post(`${path}?${query}`, good), ERRORS.credentialInQuery, path)
    })

    test('an Authorization header is ignored, whatever is in it', async () => {
      for (const value of ['Bearer LEAK', 'Basic TEVBSzpMRUFL', 'LEAK', ''])
        expectToken(await post(path, good, { headers: [`Authorization: ${value}`] }), UPLOAD_SCOPE)
      const without = await post(
        path,
        { scopes: [UPLOAD_SCOPE] },
        { headers: ['Authorization: Bearer LEAK'] },
      )
      expectError(without, ERRORS.keyIdAbsent, path)
    })

    test('an access token is no API key: it can never make another', async () => {
      const { access_token } = JSON.parse((await post(path, good))?.body ?? '')
      for (const body of [
        { ...good, key_secret: access_token },
        { ...good, key_id: access_token },
      ])
        expectError(await post(path, body), ERRORS.invalidCredentials, path)
    })
  })

  describe('method and path', () => {
    const methods = [
      'GET',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'TRACE',
      'CONNECT',
      'QUERY',
      'PROPFIND',
      'SEARCH',
      'FROB',
      'post',
    ]
    test.each(methods)('%s is 405, and Allow says POST', async (method) => {
      for (const bytes of [
        `${method} ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`,
        formatRequest(path, 'not JSON LEAK', { method, contentType: 'text/plain' }),
      ]) {
        const response = await ask(bytes)
        expectError(response, ERRORS.methodNotAllowed, path)
        expect(response?.headers.allow).toBe('POST')
      }
    })

    test('HEAD is 405 without a body', async () => {
      const { rest } = await sendRaw(
        service.url,
        `HEAD ${path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`,
      )
      expect(rest).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n[^{]*\r\n\r\n$/)
      expect(rest).toMatch(/\r\nallow: POST\r\n/i)
      expect(rest).toMatch(/\r\nx-correlation-id: [0-9a-f-]{36}\r\n/i)
    })

    test('a method override changes nothing', async () => {
      const headers = ['X-HTTP-Method-Override: POST', 'X-HTTP-Method: POST']
      expectError(await post(path, good, { method: 'PUT', headers }), ERRORS.methodNotAllowed, path)
    })

    test.each(['/', ';a', '%00', '%2e', '/..', '//', '.', '%20', '%3Fx', '/LEAK'])(
      'with "%s" behind it there is nothing: 404',
      async (suffix) => {
        expectError(await post(path + suffix, good), ERRORS.notFound, path)
      },
    )

    test.each([
      (p: string) => `/${p}`,
      (p: string) => p.toUpperCase(),
      (p: string) => p.replace('/auth', '%2fauth'),
    ])('a path that only looks like it is 404', async (change) => {
      expectError(await post(change(path), good), ERRORS.notFound, change(path))
    })

    test('a path that cannot be decoded is 400', async () => {
      expectError(await post(`${path}%`, good), ERRORS.malformedRequest, path)
      expectError(await post(`${path}%zz`, good), ERRORS.malformedRequest, path)
    })

    test('the absolute form of the address is the same address (RFC 9112 section 3.2.2)', async () => {
      expectToken(await post(`http://a.test${path}`, good), UPLOAD_SCOPE)
      expectError(await post(`http://a.test${path}`, {}), ERRORS.keyIdAbsent, path)
      expectError(await post(`http://a.test${path}`, good, { method: 'PUT' }), ERRORS.methodNotAllowed, path)
    })
  })

  describe('the protocol', () => {
    test('HTTP/1.0 is answered, and the connection closed', async () => {
      const bytes = `POST ${path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: ${goodBody.length}\r\n\r\n${goodBody}`
      expectToken(await ask(bytes, {}), UPLOAD_SCOPE)
    })

    test('HTTP/1.1 without Host is 400', async () => {
      const bytes = formatRequest(path, goodBody).toString().replace('Host: 127.0.0.1\r\n', '')
      expectError(await ask(bytes), ERRORS.malformedRequest, path)
    })

    test('Expect: 100-continue is heard, an expectation that nobody knows is ignored', async () => {
      const length = `Content-Length: ${goodBody.length}`
      const bytes = head(path, 'Expect: 100-continue', length) + goodBody
      const { responses } = await sendRaw(service.url, bytes, { count: 2 })
      expect(responses[0]?.status).toBe(100)
      expectToken(responses[1], UPLOAD_SCOPE)
      expectToken(await ask(head(path, 'Expect: LEAK', length) + goodBody), UPLOAD_SCOPE)
    })

    test('Expect: 100-continue with a body that is too large is 413', async () => {
      const { responses } = await sendRaw(
        service.url,
        head(path, 'Expect: 100-continue', 'Content-Length: 99999'),
        { count: 2 },
      )
      expectError(responses.at(-1), ERRORS.bodyTooLarge, path)
    })

    test('an upgrade that is asked for is not made', async () => {
      for (const protocol of ['websocket', 'h2c', 'LEAK'])
        expectToken(
          await post(path, good, { headers: ['Connection: Upgrade', `Upgrade: ${protocol}`] }),
          UPLOAD_SCOPE,
        )
    })

    test('pipelined requests are answered in order, good and bad', async () => {
      const bad = formatRequest(path, '{}')
      const ok = formatRequest(path, goodBody)
      const { responses } = await sendRaw(service.url, Buffer.concat([ok, bad, ok, ok, bad]), { count: 5 })
      expect(responses.map(({ status }) => status)).toEqual([200, 400, 200, 200, 400])
      expect(new Set(responses.map(({ headers }) => headers['x-correlation-id'])).size).toBe(5)
    })

    test('garbage on a kept connection whose request was answered is 400', async () => {
      const socket = openSocket(service.url)
      socket.write(formatRequest(path, goodBody))
      expectToken((await readExchange(socket, 1, { keep: true })).responses[0], UPLOAD_SCOPE)
      socket.write('}LEAK\r\n\r\n')
      expect((await readExchange(socket)).responses.map(({ status }) => status)).toEqual([400])
    })

    test('garbage behind pipelined requests is 400 after their answers', async () => {
      const ok = formatRequest(path, goodBody)
      const { responses } = await sendRaw(service.url, Buffer.concat([ok, ok, Buffer.from('LEAK\r\n\r\n')]))
      expect(responses.map(({ status }) => status)).toEqual([200, 200, 400])
    })

    test('a client that hangs up half-way, in the head, in the body or behind it, disturbs nobody', async () => {
      const bytes = formatRequest(path, goodBody)
      for (const length of [3, 40, bytes.length - 1, bytes.length])
        for (const hangUp of ['end', 'destroy', 'resetAndDestroy'] as const) {
          const socket = openSocket(service.url).on('error', () => {})
          await new Promise((resolve) => socket.write(bytes.subarray(0, length), resolve))
          socket[hangUp]()
        }
    })

    test('every answer is a new correlation id, and the client’s own id is never echoed', async () => {
      const ids = new Set<string>()
      for (const id of ['LEAK-id', '00000000-0000-4000-8000-000000000000']) {
        const headers = [
          `X-Client-Request-Id: ${id}`,
          `X-Correlation-ID: ${id}`,
          `X-Request-Id: ${id}`,
          `Request-Id: ${id}`,
        ]
        const response = await post(path, {}, { headers: id.startsWith('LEAK') ? headers.slice(1) : headers })
        expect(JSON.stringify(response)).not.toContain(id)
        ids.add(response?.headers['x-correlation-id'] ?? '')
      }
      expect(ids.size).toBe(2)
    })
  })
})

describe('elsewhere', () => {
  test.each<[string, ErrorRow]>([
    ['/', ERRORS.notFound],
    ['/v0', ERRORS.notFound],
    ['/v0/', ERRORS.notFound],
    ['/v0/upload/analyze', ERRORS.notFound],
    ['/v2/auth', ERRORS.notFound],
    ['/admin', ERRORS.notFound],
    ['/health/live', ERRORS.methodNotAllowed],
    ['/.well-known/jwks.json', ERRORS.methodNotAllowed],
  ])('POST %s is refused in the dialect of its path, whatever its body', async (path, row) => {
    for (const body of [goodBody, 'LEAK', 'x'.repeat(100_000)]) expectError(await post(path, body), row, path)
  })

  test('a path of any length and any bytes is an answer, not a failure', async () => {
    expectError(await post(`/v0/${'a'.repeat(5000)}`, '{}'), ERRORS.notFound, '/v0/')
    expectError(await post(`/${'%61'.repeat(3000)}`, '{}'), ERRORS.notFound, '/')
    expectError(await ask('GET * HTTP/1.1\r\nHost: a.test\r\n\r\n'), ERRORS.notFound, '*')
    expectError(await ask('CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n'), ERRORS.notFound, '')
  })

  test.each([
    ['words', 'LEAK\r\n\r\n'],
    ['a TLS greeting', Buffer.from('16030102000100', 'hex')],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an unknown version', 'POST /v1/auth HTTP/3.0\r\n\r\n'],
    ['bare line feeds', 'POST /v1/auth HTTP/1.1\nHost: a.test\n\n'],
    ['NUL', '\0\0\0\0'],
    [
      'bytes above ASCII in the address',
      Buffer.from('POST /v1/auth\xff HTTP/1.1\r\nHost: a.test\r\n\r\n', 'latin1'),
    ],
  ])('%s: not HTTP as we take it, 400 and the end of the connection', async (_, bytes) => {
    const { responses } = await sendRaw(service.url, bytes)
    expect(responses).toHaveLength(1)
    expectError(responses[0], ERRORS.malformedRequest, '/v1/auth')
    expect(responses[0]?.headers.connection).toBe('close')
  })

  test('the exchange allows no other origin; the key set allows all', async () => {
    const exchange = await post('/v0/auth', good, { headers: ['Origin: https://evil.test'] })
    expect(Object.keys(exchange?.headers ?? {}).filter((name) => name.startsWith('access-control'))).toEqual(
      [],
    )
    const keySet = await ask('GET /.well-known/jwks.json HTTP/1.1\r\nHost: a.test\r\n\r\n')
    expect(keySet?.headers['access-control-allow-origin']).toBe('*')
    expect(keySet?.headers['cache-control']).toBe('public, max-age=300')
    expect(keySet?.headers['x-correlation-id']).toMatch(UUID)
  })
})
