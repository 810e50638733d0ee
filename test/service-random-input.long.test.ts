import type { Socket } from 'node:net'
import {
  FORM_CONTENT_TYPE,
  INTROSPECTION_PATH,
  OAUTH_REVOCATION_PATH,
  OAUTH_TOKEN_PATH,
  STREAM_SCOPE,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectToken, isContractError, UUID } from './support/contract-body.ts'
import { formatRequest, openSocket, type RawResponse, readExchange, sendRaw } from './support/raw-http.ts'
import { parseLogs, type RunningService, startService } from './support/start-service.ts'

// Random bytes and random JSON at the exchange, over kept connections. The seed of a run that fails is in its message.

const CASES = 14_000
/** So many of them at the least go to the specification's own path. */
const AT_V0 = 10_000
/** Random forms: what is new at those endpoints is the reading of the request. */
const FORMS = 2000
const CONNECTIONS = 8
/** Requests that are sent at once over one connection. */
const BATCH = 25
const STATUSES = [200, 400, 401, 403, 413, 422]

let service: RunningService
beforeAll(async () => {
  // Each answer is looked up in the log.
  service = await startService({ args: ['--refusal-lines-per-second', '999999999'] })
})
afterAll(() => service.stop())

/** One character changed, dropped or added. */
const mutated = (text: string) =>
  fc
    .tuple(fc.nat(text.length - 1), fc.constantFrom('', 'x', 'LEAK', '\u0000', '\u0430', '\ud800', '"', ' '))
    .map(([at, by]) => text.slice(0, at) + by + text.slice(at + 1))

function bodies(keyId: string, keySecret: string): fc.Arbitrary<string | Buffer> {
  const any = fc.jsonValue({ maxDepth: 3 })
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('LEAK'))
  const scope = fc.oneof(fc.constantFrom(UPLOAD_SCOPE, STREAM_SCOPE), mutated(UPLOAD_SCOPE), any)
  const near = fc.record(
    {
      key_id: fc.oneof({ weight: 3, arbitrary: fc.constant(keyId) }, mutated(keyId), text, any),
      key_secret: fc.oneof({ weight: 3, arbitrary: fc.constant(keySecret) }, mutated(keySecret), text, any),
      scopes: fc.oneof({ weight: 3, arbitrary: fc.array(scope, { maxLength: 4 }) }, any),
    },
    { requiredKeys: [] },
  )
  const more = fc.dictionary(
    fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString'), fc.string()),
    any,
    { maxKeys: 2 },
  )
  const json = fc.tuple(near, more).map(([fields, others]) => JSON.stringify({ ...others, ...fields }))
  const cut = fc.tuple(json, fc.nat(300)).map(([whole, length]) => whole.slice(0, length))
  const broken = json.chain((whole) => mutated(whole))
  const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array))
  const large = fc.integer({ min: 16_000, max: 17_000 }).map((length) => 'LEAK'.padEnd(length, '['))
  return fc.oneof(
    { weight: 160, arbitrary: json },
    { weight: 40, arbitrary: bytes },
    { weight: 40, arbitrary: broken },
    { weight: 20, arbitrary: cut },
    { weight: 20, arbitrary: any.map((value) => JSON.stringify(value)) },
    { weight: 20, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: large },
  )
}

/** Forms that are nearly right, with what stands in the header beside them. */
function forms(keyId: string, keySecret: string) {
  const near = (text: string) =>
    fc.oneof({ weight: 4, arbitrary: fc.constant(text) }, mutated(text), fc.string())
  const pair = fc.oneof(
    fc.tuple(fc.constant('grant_type'), near('client_credentials')),
    fc.tuple(fc.constant('scope'), near(UPLOAD_SCOPE)),
    fc.tuple(fc.constant('client_id'), near(keyId)),
    fc.tuple(fc.constant('client_secret'), near(keySecret)),
    fc.tuple(fc.constant('token'), near('eyJhbGciOiJFUzI1NiJ9.e30.LEAK')),
    fc.tuple(fc.constantFrom('__proto__', 'token_type_hint', 'scope[]'), fc.string()),
  )
  const whole = fc.constant([
    ['grant_type', 'client_credentials'],
    ['scope', UPLOAD_SCOPE],
    ['token', 'LEAK'],
    ['client_id', keyId],
    ['client_secret', keySecret],
  ] as [string, string][])
  const pairs = fc.oneof(
    whole,
    fc.array(pair, { maxLength: 6 }),
    fc.tuple(whole, pair).map(([all, one]) => [...all, one]),
  )
  const text = pairs.map((each) => new URLSearchParams(each).toString())
  const body = fc.oneof(
    { weight: 6, arbitrary: text },
    { weight: 2, arbitrary: text.filter((each) => each !== '').chain(mutated) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  )
  const credential = fc.oneof(near(`${keyId}:${keySecret}`), fc.string({ unit: 'binary' }))
  const headers = fc.oneof(
    { weight: 3, arbitrary: fc.constant([] as string[]) },
    credential.map((each) => [`Authorization: Basic ${Buffer.from(each).toString('base64')}`]),
    fc.base64String().map((each) => [`Authorization: Bearer ${each}`]),
  )
  return fc.record({ body, headers })
}

/** What is wrong with an answer, or nothing. */
function fault(response: RawResponse | undefined, path: string): string | undefined {
  if (response === undefined) return 'no answer'
  if (!STATUSES.includes(response.status)) return `status ${response.status}`
  if (!UUID.test(response.headers['x-correlation-id'] ?? '')) return 'no correlation id'
  if (response.headers['cache-control'] !== 'no-store') return 'may be kept'
  if (response.status !== 200) return isContractError(response, path) ? undefined : `body ${response.body}`
  return /^\{"access_token":"[\w.-]+","token_type":"Bearer","expires_in":900,"scope":"[a-z. ]+"\}$/.test(
    response.body,
  )
    ? undefined
    : `body ${response.body}`
}

async function sendBatch(
  socket: Socket,
  batch: readonly (string | Buffer)[],
  path: string,
): Promise<RawResponse[]> {
  const exchange = readExchange(socket, batch.length, { keep: true })
  socket.write(Buffer.concat(batch.map((body) => formatRequest(path, body))))
  return [...(await exchange).responses]
}

test(`${CASES} random bodies, ${AT_V0} of them at /v0/auth: each gets the contract's answer, none a 5xx, none reaches the log`, async () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
  const cases = fc.sample(bodies(service.keyId, service.keySecret), { numRuns: CASES, seed })
  const faults: string[] = []
  const seen = new Map<number, number>()
  const sent = { '/v0/auth': 0, '/v1/auth': 0 }
  let next = 0
  async function connection(): Promise<void> {
    const socket = openSocket(service.url).setNoDelay(true)
    while (next < CASES && faults.length === 0) {
      const batch = cases.slice(next, next + BATCH)
      const path = (next / BATCH) % 4 === 3 ? '/v1/auth' : '/v0/auth'
      next += BATCH
      const responses = await sendBatch(socket, batch, path)
      for (const [index, body] of batch.entries()) {
        const wrong = fault(responses[index], path)
        if (wrong !== undefined) faults.push(`seed ${seed}: ${wrong} for ${JSON.stringify(String(body))}`)
        const status = responses[index]?.status ?? 0
        seen.set(status, (seen.get(status) ?? 0) + 1)
        sent[path] += 1
      }
    }
    socket.destroy()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  expect(faults).toEqual([])
  expect(sent['/v0/auth']).toBeGreaterThanOrEqual(AT_V0)
  expect(sent['/v0/auth'] + sent['/v1/auth']).toBe(CASES)
  // Every branch of the contract was met, so that the cases are not all refused at the door.
  expect([...seen.keys()].sort()).toEqual([200, 400, 401, 413, 422])

  const good = JSON.stringify({
    key_id: service.keyId,
    key_secret: service.keySecret,
    scopes: [UPLOAD_SCOPE],
  })
  const { responses } = await sendRaw(service.url, formatRequest('/v0/auth', good), { count: 1 })
  expectToken(responses[0], UPLOAD_SCOPE)
  await service.waitForLogs((logs) => logs.split('"event":"request"').length > CASES + 1)
  expect(service.logs()).not.toContain('LEAK')
  expect(service.logs()).not.toContain(service.keySecret)
  expect(parseLogs(service.logs()).filter(({ event }) => event === 'failure')).toEqual([])
}, 60_000)

test(`${FORMS} random forms at the endpoints of OAuth: the same`, async () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
  const cases = fc.sample(forms(service.keyId, service.keySecret), { numRuns: FORMS, seed })
  const faults: string[] = []
  const seen = new Set<number>()
  let next = 0
  async function connection(path: string): Promise<void> {
    const socket = openSocket(service.url).setNoDelay(true)
    while (next < FORMS && faults.length === 0) {
      const batch = cases.slice(next, next + BATCH)
      next += BATCH
      const exchange = readExchange(socket, batch.length, { keep: true })
      socket.write(
        Buffer.concat(
          batch.map(({ body, headers }) =>
            formatRequest(path, body, { headers, contentType: FORM_CONTENT_TYPE }),
          ),
        ),
      )
      const { responses } = await exchange
      for (const [index, sent] of batch.entries()) {
        const response = responses[index]
        const wrong =
          path === OAUTH_TOKEN_PATH || response?.status !== 200 ? fault(response, path) : undefined
        if (wrong !== undefined) faults.push(`seed ${seed}: ${path}: ${wrong} for ${JSON.stringify(sent)}`)
        seen.add(response?.status ?? 0)
      }
    }
    socket.destroy()
  }
  await Promise.all(
    [OAUTH_TOKEN_PATH, OAUTH_TOKEN_PATH, OAUTH_REVOCATION_PATH, INTROSPECTION_PATH].map(connection),
  )
  expect(faults).toEqual([])
  expect([...seen].sort()).toEqual([200, 400, 401])
  expect(service.logs()).not.toContain('LEAK')
  expect(parseLogs(service.logs()).filter(({ event }) => event === 'failure')).toEqual([])
}, 60_000)

test('2,000 random heads and streams of bytes: an answer of the contract or the end, never a 5xx', async () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
  const line = fc.oneof(
    fc.constantFrom(
      'Content-Length: 2',
      'Transfer-Encoding: chunked',
      'Host: a.test',
      'Content-Type: application/json',
      'Expect: x',
      'Connection: close',
      'Upgrade: x',
    ),
    fc.tuple(fc.string(), fc.string()).map(([name, value]) => `${name}: ${value}`),
    fc.string(),
  )
  // No HEAD: its answer has a length and no body, which a reader that does not know the request cannot tell.
  const method = fc.oneof(fc.constantFrom('POST', 'GET', 'OPTIONS', 'CONNECT', 'FROB'), fc.string())
  const target = fc.oneof(
    fc.constantFrom('/v0/auth', '/v0/auth?key_secret=LEAK', '*', '/%', '/v0/'),
    fc.string(),
  )
  const headed = fc
    .tuple(method, target, fc.array(line, { maxLength: 6 }), fc.string())
    .map(([verb, path, lines, body]) =>
      Buffer.from([`${verb} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n')),
    )
  const raw = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
  const cases = fc.sample(fc.oneof({ weight: 4, arbitrary: headed }, raw), { numRuns: 2000, seed })
  const faults: string[] = []
  let next = 0
  async function connection(): Promise<void> {
    for (let bytes = cases[next++]; bytes !== undefined; bytes = cases[next++]) {
      const { responses, error } = await sendRaw(service.url, bytes, { end: true })
      for (const response of responses)
        if (response.status >= 500 || !UUID.test(response.headers['x-correlation-id'] ?? ''))
          faults.push(`seed ${seed}: ${response.statusLine} for ${JSON.stringify(String(bytes))}`)
      if (error === 'READ_TIMEOUT') faults.push(`seed ${seed}: no end for ${JSON.stringify(String(bytes))}`)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  expect(faults).toEqual([])
  expect(service.logs()).not.toContain('LEAK')
}, 60_000)
