import { ERRORS } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectError, expectToken } from './support/contract-body.ts'
import { formatRequest, openSocket, type RawResponse, readExchange, sendRaw } from './support/raw-http.ts'
import { parseLogs, type RunningService, startService } from './support/start-service.ts'

// The tests stand behind the proxy that the service trusts, and so come from wherever they like.

const SCOPE = 'interhumanai.upload'
const WRONG = `ih_live_LEAK${'0'.repeat(45)}`
const PATH = '/v0/auth'
const FORM = 'application/x-www-form-urlencoded'

let service: RunningService
/** A key that holds another scope than the one that is asked for: its secret is right, and it gets no token. */
let other: { keyId: string; keySecret: string }
beforeAll(async () => {
  service = await startService({
    env: {
      INTERHUMAN_AUTH_TRUSTED_PROXIES: '127.0.0.1',
      INTERHUMAN_AUTH_ADDRESS_REQUESTS_PER_MINUTE: '40',
      INTERHUMAN_AUTH_ADDRESS_REQUESTS_AT_ONCE: '2',
      INTERHUMAN_AUTH_FAILURES_PER_MINUTE: '5',
      INTERHUMAN_AUTH_KEY_REQUESTS_PER_MINUTE: '60',
      INTERHUMAN_AUTH_KEY_TOKENS_PER_DAY: '12',
    },
  })
  other = await service.createKey({ scopes: ['interhumanai.stream'] })
})
afterAll(async () => {
  expect(await service.stop()).toBe(0)
})

interface Asked {
  readonly from: string
  readonly keyId?: string
  readonly keySecret?: string
  readonly path?: string
  readonly scopes?: readonly string[]
}

async function ask({ from, path = PATH, scopes = [SCOPE], ...key }: Asked): Promise<RawResponse | undefined> {
  const { keyId = service.keyId, keySecret = service.keySecret } = key
  const body = JSON.stringify({ key_id: keyId, key_secret: keySecret, scopes })
  const request = formatRequest(path, body, { headers: [`X-Forwarded-For: 198.51.100.99, ${from}`] })
  return (await sendRaw(service.url, request, { count: 1 })).responses[0]
}

/** Asks until it is 429. @returns how often it was something else. */
async function countUntilRefused(asked: Asked, expected: number): Promise<number> {
  for (let count = 0; count < 1000; count++) {
    const status = (await ask(asked))?.status
    if (status === 429) return count
    expect(status).toBe(expected)
  }
  throw new Error('it was never 429')
}

function expectRefused(
  response: RawResponse | undefined,
  row: (typeof ERRORS)['rateLimited' | 'quotaUsedUp'],
) {
  expectError(response, row, PATH)
  expect(Number(response?.headers['retry-after'])).toBeGreaterThan(0)
}

describe('failed attempts', () => {
  test('attack 26: are 401 as long as there are few of them, then 429 with a time to wait, whatever key they name', async () => {
    const from = '203.0.113.1'
    expect(await countUntilRefused({ from, keySecret: WRONG }, 401)).toBeGreaterThanOrEqual(5)
    const refused = await ask({ from, keySecret: WRONG })
    expectRefused(refused, ERRORS.rateLimited)
    expect(Number(refused?.headers['retry-after'])).toBeLessThanOrEqual(60)
    expectRefused(await ask({ from, keyId: 'ihk_00000000000000000000' }), ERRORS.rateLimited)
  })

  test('attack 26: lock out nobody with a right secret, neither behind the same address nor with the key that was guessed at', async () => {
    const from = '203.0.113.2'
    await countUntilRefused({ from, keySecret: WRONG }, 401)
    expectToken(await ask({ from }), SCOPE)
    expectToken(await ask({ from: '203.0.113.3' }), SCOPE)
    expect((await ask({ from: '203.0.113.3', keySecret: WRONG }))?.status).toBe(401)
  })

  test('attack 26: of a /64 are those of one client, and its neighbour is another', async () => {
    let host = 0
    while ((await ask({ from: `2001:db8:0:1::${++host}`, keySecret: WRONG }))?.status !== 429)
      expect(host).toBeLessThan(1000)
    expect(host).toBeGreaterThan(5)
    expect((await ask({ from: '2001:db8:0:2::1', keySecret: WRONG }))?.status).toBe(401)
  })

  test('are 429 in the standard dialect too, for keys and for verifiers, in its own words', async () => {
    const headers = ['X-Forwarded-For: 203.0.113.200', 'Authorization: Bearer ihv_LEAK']
    const introspect = formatRequest('/oauth2/introspect', 'token=LEAK', { headers, contentType: FORM })
    const token = formatRequest(
      '/oauth2/token',
      `grant_type=client_credentials&client_id=${service.keyId}&client_secret=LEAK&scope=${SCOPE}`,
      { headers: headers.slice(0, 1), contentType: FORM },
    )
    const refused = new Map<Buffer, RawResponse>()
    for (let count = 0; refused.size < 2; count++) {
      expect(count).toBeLessThan(1000)
      for (const request of [introspect, token]) {
        const response = (await sendRaw(service.url, request, { count: 1 })).responses[0]
        if (response?.status === 429) refused.set(request, response)
        else expect(response?.status).toBe(401)
      }
    }
    expectError(refused.get(introspect), ERRORS.rateLimited, '/oauth2/introspect')
    expectError(refused.get(token), ERRORS.rateLimited, '/oauth2/token')
  })

  test('a scope that is not held is none', async () => {
    const from = '203.0.113.4'
    for (let count = 0; count < 7; count++) expect((await ask({ from, ...other }))?.status).toBe(403)
    expect((await ask({ from, keySecret: WRONG }))?.status).toBe(401)
  })
})

test('a client is held to its requests in a minute, another is not, and what everybody may read and introspection are not counted', async () => {
  const asked = { from: '203.0.113.5', scopes: [] }
  expect(await countUntilRefused(asked, 422)).toBeGreaterThanOrEqual(40)
  expectRefused(await ask(asked), ERRORS.rateLimited)
  expect((await ask({ ...asked, path: '/v1/auth' }))?.status).toBe(429)
  expect((await ask({ ...asked, from: '203.0.113.6' }))?.status).toBe(422)
  for (const path of ['/health/live', '/health/ready', '/.well-known/jwks.json']) {
    const request = formatRequest(path, '', { method: 'GET', headers: [`X-Forwarded-For: ${asked.from}`] })
    expect((await sendRaw(service.url, request, { count: 1 })).responses[0]?.status).toBe(200)
  }
  // A failed attempt of a client that may ask nothing else any more, and not 429.
  const headers = [`X-Forwarded-For: ${asked.from}`, 'Authorization: Bearer ihv_LEAK']
  const introspect = formatRequest('/oauth2/introspect', 'token=LEAK', { headers, contentType: FORM })
  expect((await sendRaw(service.url, introspect, { count: 1 })).responses[0]?.status).toBe(401)
})

test('attack 53: a client that sends its bodies slowly has no more than its share at once, and gets it back', async () => {
  const headers = ['X-Forwarded-For: 203.0.113.7']
  const whole = formatRequest(PATH, '{}', { headers })
  const slow = [1, 2].map(() => {
    const socket = openSocket(service.url)
    socket.write(whole.subarray(0, -1))
    return socket
  })
  const answers = slow.map((socket) => readExchange(socket, 1))
  let third: RawResponse | undefined
  do third = (await sendRaw(service.url, whole, { count: 1 })).responses[0]
  while (third?.status === 400)
  expectError(third, ERRORS.concurrencyLimited, PATH)
  expect(third?.headers['retry-after']).toBe('1')
  for (const socket of slow) socket.write('}')
  for (const answer of answers) expect((await answer).responses[0]?.status).toBe(400)
  expect((await sendRaw(service.url, whole, { count: 1 })).responses[0]?.status).toBe(400)
})

test('a key is held to its tokens in a day wherever it is used, and another key has its own', async () => {
  const issued = await countUntilRefused({ from: '203.0.113.8' }, 200)
  // Two were issued above; should the day end meanwhile, there are more.
  expect(issued).toBeGreaterThanOrEqual(10)
  expectRefused(await ask({ from: '203.0.113.9' }), ERRORS.quotaUsedUp)
  expect((await ask({ from: '203.0.113.9', keySecret: WRONG }))?.status).toBe(401)
  expect((await ask({ from: '203.0.113.9', ...other, scopes: ['interhumanai.stream'] }))?.status).toBe(200)
})

test('a key is held to its requests in a minute, counted only once its secret was right', async () => {
  let failed = 0
  for (; failed < 80; failed++) {
    const from = `203.0.113.${10 + (failed % 40)}`
    expect((await ask({ from, ...other, keySecret: WRONG }))?.status).toBe(401)
  }
  let right = 0
  while ((await ask({ from: `203.0.113.${60 + (right % 60)}`, ...other }))?.status !== 429) right += 1
  // The eight of above are counted if the same minute lasts.
  expect(right).toBeGreaterThanOrEqual(60 - 8)
  expectRefused(await ask({ from: '203.0.113.152', ...other }), ERRORS.rateLimited)
})

test('the address of a client is logged where it was refused, and nowhere else', async () => {
  await service.waitForLogs((logs) => logs.includes('203.0.113.152'))
  const lines = parseLogs(service.logs()).filter(({ event }) => event === 'request')
  for (const line of lines)
    expect(line.client !== undefined).toBe([401, 403, 429].includes(Number(line.status)))
})
