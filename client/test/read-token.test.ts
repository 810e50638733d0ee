import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AccessToken,
  RefusalError,
  readToken,
  TransportError,
  UnexpectedResponseError,
} from '../src/index.ts'

const START_MS = Date.UTC(2026, 10, 24, 12)
const CORRELATION = '0b6f0c0e-6a51-4c11-8a39-5d1c9f3f0001'
const grant = { access_token: 'LEAK-token', token_type: 'Bearer', expires_in: 900, scope: 'a b' }

const answer = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })
const read = (response: Response) => readToken(response, { requestedAtMs: START_MS })
const faultOf = (body: unknown, status: number, headers?: Record<string, string>) =>
  read(answer(body, status, headers)).then(
    () => expect.unreachable(),
    (fault: unknown) => fault as RefusalError,
  )

describe('a 200', () => {
  test('gives the token, its scopes, its end and the body as it came', async () => {
    const body = ` ${JSON.stringify({ ...grant, token_id: 'later' })}\n`
    const token = await read(answer(body))
    expect(token).toBeInstanceOf(AccessToken)
    expect(token).toMatchObject({
      scopes: ['a', 'b'],
      expiresInSeconds: 900,
      expiresAt: START_MS / 1000 + 900,
    })
    expect([token.value, token.raw]).toEqual(['LEAK-token', body])
  })

  test('of another spelling of the type, or without a scope, is one', async () => {
    const { scope, ...less } = grant
    expect((await read(answer({ ...less, token_type: 'bearer' }))).scopes).toEqual([])
    expect((await read(answer({ ...grant, scope: '  a  b ' }))).scopes).toEqual(['a', 'b'])
  })

  test.each([
    [900, 900],
    ['900', 900],
    [899.5, 899.5],
    [1, 1],
    [0, 0],
    [-5, 0],
    [1e12, 86_400],
    [undefined, 60],
    [null, 60],
    ['', 60],
    ['soon', 60],
    [{}, 60],
  ])('with expires_in %j lives %d s', async (expires_in, expiresInSeconds) => {
    expect(await read(answer({ ...grant, expires_in }))).toMatchObject({ expiresInSeconds })
  })

  test.each([
    '',
    'null',
    '[]',
    '"text"',
    '<html>',
    JSON.stringify(grant).slice(0, -3),
    {},
    { ...grant, access_token: 5 },
    { ...grant, access_token: '' },
    { ...grant, access_token: 'two words' },
    { ...grant, access_token: 'line\r\nX-Header: forged' },
    { ...grant, token_type: undefined },
    { ...grant, token_type: 'MAC' },
    { ...grant, token_type: 7 },
  ])('that is none of the contract is an UnexpectedResponseError: %j', async (body) => {
    const fault = await faultOf(body, 200)
    expect(fault).toBeInstanceOf(UnexpectedResponseError)
    expect(fault).toMatchObject({ code: 'unexpected_body', status: 200, retryable: true })
  })
})

describe('a refusal', () => {
  const v1 = { error_id: 'ih2001', correlation_id: CORRELATION, link: 'https://x/#', message: 'LEAK words' }
  const v0 = { detail: 'LEAK words', status_code: 401, extra: {}, ...v1 }
  const bodies: [string, object][] = [
    ['of v1', v1],
    ['of v0', v0],
    ['of both at once', { ...v0, status_code: undefined }],
  ]
  test.each(bodies)(
    '%s is a RefusalError with its ids, and its words in the raw body only',
    async (_, body) => {
      const fault = await faultOf(body, 401)
      expect(fault).toBeInstanceOf(RefusalError)
      expect(fault).toMatchObject({
        name: 'RefusalError',
        code: 'unauthorized',
        status: 401,
        errorId: 'ih2001',
        correlationId: CORRELATION,
        retryable: false,
        retryAfterSeconds: undefined,
        rawBody: JSON.stringify(body),
      })
      expect(fault.message).toContain('401')
      expect(fault.message).toContain('ih2001')
      expect(fault.message).toContain(CORRELATION)
      expect(fault.message).not.toContain('LEAK')
    },
  )

  test.each([
    [400, 'ih2005', 'bad_request', false],
    [403, 'ih2003', 'forbidden', false],
    [404, 'ia9009', 'bad_request', false],
    [408, 'ia9011', 'bad_request', true],
    [422, 'ia9008', 'unprocessable', false],
    [429, 'ih3001', 'rate_limited', true],
    [429, 'ih3003', 'rate_limited', false],
    [429, 'ih3006', 'rate_limited', false],
    [500, 'ih1001', 'server_error', true],
    [503, 'ih1003', 'server_error', true],
  ])('with %d %s is %s, and a retry can help: %s', async (status, error_id, code, retryable) => {
    expect(await faultOf({ ...v1, error_id }, status)).toMatchObject({
      status,
      errorId: error_id,
      code,
      retryable,
    })
  })

  test('without a correlation id in its body has the one of the header', async () => {
    const { correlation_id, ...body } = v1
    const headers = { 'X-Correlation-ID': CORRELATION }
    expect(await faultOf(body, 401, headers)).toMatchObject({ correlationId: CORRELATION })
  })

  test.each(['ih_live_LEAK', 'LEAK', `${CORRELATION}LEAK`, '\u001b[2J', 'x'.repeat(36), 5, null])(
    'whose correlation id is no UUID has none: it could be what was sent, or forge a line: %j',
    async (correlation_id) => {
      const fault = await faultOf({ ...v1, correlation_id }, 401)
      expect(fault).toMatchObject({ correlationId: undefined })
      expect(fault.message).not.toContain(String(correlation_id))
    },
  )
})

describe('an answer outside the contract', () => {
  test.each([
    [502, '<html>LEAK</html>', true],
    [503, '', true],
    [429, '{}', true],
    [403, '<html>LEAK</html>', false],
    [404, 'null', false],
    [204, undefined, true],
    [418, { error_id: 'LEAK of more' }, false],
    [201, grant, true],
  ])('%d %j is an UnexpectedResponseError; a retry can help: %s', async (status, body, retryable) => {
    const response = body === undefined ? new Response(null, { status }) : answer(body, status)
    const fault = await read(response).catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(UnexpectedResponseError)
    expect(fault).toMatchObject({ code: 'unexpected_status', status, retryable, errorId: undefined })
    expect(String(fault)).not.toContain('LEAK')
  })

  test('any bytes with any status give a token or one of the two errors', async () => {
    const statuses = fc.integer({ min: 200, max: 599 }).filter((status) => ![204, 205, 304].includes(status))
    await fc.assert(
      fc.asyncProperty(statuses, fc.oneof(fc.string(), fc.json()), async (status, body) => {
        const fault = await read(answer(body, status)).catch((error: unknown) => error)
        expect(fault instanceof RefusalError || fault instanceof UnexpectedResponseError).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('Retry-After', () => {
  const date = (seconds: number) => new Date(START_MS + seconds * 1000).toUTCString()
  test.each([
    ['7', undefined, 7],
    ['0', undefined, 0],
    [date(30), undefined, 30],
    [date(30), date(10), 20],
    [date(-30), undefined, 0],
    [date(30), 'garbage', 30],
    ['soon', undefined, undefined],
    ['-3', undefined, undefined],
    ['Infinity', undefined, undefined],
    ['', undefined, undefined],
  ])('%j with Date %j is %j s', async (value, sent, retryAfterSeconds) => {
    const headers = { 'Retry-After': value, ...(sent !== undefined && { Date: sent }) }
    expect(await faultOf('', 503, headers)).toMatchObject({ retryAfterSeconds })
  })
})

test('a body that breaks off is a TransportError, and what it was cut with is not kept', async () => {
  const response = {
    status: 200,
    headers: new Headers(),
    text: () =>
      Promise.reject(Object.assign(new TypeError('LEAK'), { cause: { code: 'ECONNRESET', data: 'LEAK' } })),
  }
  const fault = await readToken(response).catch((error: unknown) => error)
  expect(fault).toBeInstanceOf(TransportError)
  expect(fault).toMatchObject({ code: 'network', systemCode: 'ECONNRESET' })
  expect((fault as Error).cause).toBeUndefined()
  const known = new TransportError('timeout')
  const late = { ...response, text: () => Promise.reject(known) }
  expect(await readToken(late).catch((error: unknown) => error)).toBe(known)
})

test.each(['error_id', 'correlation_id', 'token_type', 'scope', 'expires_in', 'access_token', 'detail'])(
  'a %s that is an object which says of itself what text it is ends as one of the three errors, or is left out',
  async (field) => {
    for (const odd of [{ toString: 1, valueOf: 1 }, { toString: 'LEAK' }, ['LEAK']])
      for (const status of [200, 401, 503]) {
        const body = { access_token: 'a', token_type: 'Bearer', expires_in: 900, [field]: odd }
        const outcome = await readToken(new Response(JSON.stringify(body), { status })).catch(
          (error: unknown) => error,
        )
        expect((outcome as object).constructor.name).toMatch(
          status === 200 ? /^(?:AccessToken|UnexpectedResponseError)$/ : /^UnexpectedResponseError$/,
        )
      }
  },
)

test('nesting that is too deep for any parser is an answer outside the contract', async () => {
  const deep = '['.repeat(30_000) + ']'.repeat(30_000)
  const body = `{"access_token":"a","token_type":"Bearer","expires_in":${deep}}`
  await expect(readToken(new Response(body))).rejects.toMatchObject({ name: 'UnexpectedResponseError' })
})

test('of a body without end no more than 64 KiB and a chunk are read, and nothing is kept', async () => {
  let sent = 0
  let ended = false
  const chunk = new Uint8Array(16_384).fill(0x20)
  const endless = new ReadableStream({
    pull(controller) {
      sent += chunk.length
      controller.enqueue(chunk)
    },
    cancel() {
      ended = true
    },
  })
  await expect(readToken(new Response(endless, { status: 200 }))).rejects.toMatchObject({
    name: 'UnexpectedResponseError',
    rawBody: '',
  })
  expect([ended, sent <= 65_536 + 3 * chunk.length]).toEqual([true, true])
})
