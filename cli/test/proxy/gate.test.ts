import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { ERRORS, type ErrorName } from '@interhuman-auth/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { type RawResponse, sendRaw } from '../../../test/support/raw-http.ts'
import { SECRET, startApi, startTestProxy, type TestProxy } from '../support/start-proxy.ts'

const UPLOAD = `/${SECRET}/v0/upload/analyze`
let seen: string[]
let proxy: TestProxy

async function start(options: Parameters<typeof startTestProxy>[1] = {}): Promise<TestProxy> {
  const api = await startApi((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.end('through')
  })
  return startTestProxy(`${api.url}/base`, options)
}

beforeEach(async () => {
  seen = []
  proxy = await start()
})

/** One request over a connection of its own, and its first answer. */
async function ask(requestLine: string, ...headers: string[]): Promise<RawResponse | undefined> {
  const lines = [`${requestLine} HTTP/1.1`, ...headers, 'Connection: close', '', '']
  return (await sendRaw(proxy.url, lines.join('\r\n'), { count: 1 })).responses[0]
}

const get = (path: string, ...headers: string[]) => ask(`GET ${path}`, `Host: ${proxy.host}`, ...headers)

function expectRefused(response: RawResponse | undefined, error: ErrorName): void {
  expect(response?.status).toBe(ERRORS[error].status)
  const body = JSON.parse(response?.body ?? '{}')
  expect(body).toMatchObject({ error_id: ERRORS[error].id, message: ERRORS[error].message })
  expect(body.correlation_id).toBe(response?.headers['x-correlation-id'])
  expect(response?.headers['cache-control']).toBe('no-store')
  expect(JSON.stringify(response)).not.toContain('LEAK')
  expect(seen).toEqual([])
  expect(proxy.asked).toEqual([])
}

describe('the host', () => {
  it.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]'])(
    '%s with the port is this proxy',
    async (name) => {
      const response = await ask(`GET ${UPLOAD}`, `Host: ${name}:${proxy.host.split(':')[1]}`)
      expect(response).toMatchObject({ status: 200 })
    },
  )

  it.each([
    ['a name that was made to point here', (port: string) => [`Host: rebound.example:${port}`]],
    ['a name under localhost', (port: string) => [`Host: x.localhost:${port}`]],
    ['localhost with a dot', (port: string) => [`Host: localhost.:${port}`]],
    ['another spelling of loopback', (port: string) => [`Host: 127.1:${port}`]],
    ['another loopback address', (port: string) => [`Host: 127.0.0.2:${port}`]],
    ['all addresses', (port: string) => [`Host: 0.0.0.0:${port}`]],
    ['an address before the name', (port: string) => [`Host: 127.0.0.1:${port}@rebound.example`]],
    ['the name before an address', (port: string) => [`Host: user@127.0.0.1:${port}`]],
    ['a list', (port: string) => [`Host: 127.0.0.1:${port}, rebound.example`]],
    ['no port', () => ['Host: 127.0.0.1']],
    ['another port', () => ['Host: 127.0.0.1:1']],
    ['nothing', () => ['Host:']],
    ['no host at all', () => []],
    ['two hosts', (port: string) => [`Host: 127.0.0.1:${port}`, 'Host: rebound.example']],
    ['the same twice', (port: string) => [`Host: 127.0.0.1:${port}`, `Host: 127.0.0.1:${port}`]],
    [
      'another behind X-Forwarded-Host',
      (port: string) => [`Host: x:${port}`, `X-Forwarded-Host: 127.0.0.1:${port}`],
    ],
  ])('that is %s is refused, also for a WebSocket', async (_case, hosts) => {
    const headers = hosts(proxy.host.split(':')[1] ?? '')
    expectRefused(await ask(`GET ${UPLOAD}`, ...headers), 'proxyForeignHost')
    const handshake = [`GET /${SECRET}/v0/stream/analyze HTTP/1.1`, ...headers, ...upgrade, '', '']
    const { responses } = await sendRaw(proxy.url, handshake.join('\r\n'))
    expectRefused(responses[0], 'proxyForeignHost')
  })

  it('is needed with HTTP/1.0, too', async () => {
    const { responses } = await sendRaw(proxy.url, `GET ${UPLOAD} HTTP/1.0\r\n\r\n`)
    expectRefused(responses[0], 'proxyForeignHost')
  })
})

const upgrade = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
]

describe('a web page', () => {
  it.each([
    ['another page', ['Origin: https://evil.example']],
    ['a sandboxed page', ['Origin: null']],
    ['a page of this proxy', ['Origin: http://127.0.0.1']],
    ['an empty origin', ['Origin:']],
    ['a page that sends no origin (an image, a link)', ['Sec-Fetch-Site: cross-site']],
    ['a page on another port that sends no origin', ['Sec-Fetch-Site: same-site']],
  ])('%s is refused, also with a WebSocket', async (_case, headers) => {
    expectRefused(await get(UPLOAD, ...headers), 'proxyForeignOrigin')
    const handshake = [
      `GET /${SECRET}/v0/stream/analyze HTTP/1.1`,
      `Host: ${proxy.host}`,
      ...headers,
      ...upgrade,
    ]
    const { responses } = await sendRaw(proxy.url, [...handshake, '', ''].join('\r\n'))
    expectRefused(responses[0], 'proxyForeignOrigin')
  })

  it('that was let in comes through, letter for letter', async () => {
    proxy = await start({ origins: ['http://localhost:5173'] })
    expect(await get(UPLOAD, 'Origin: http://localhost:5173')).toMatchObject({ status: 200 })
    seen = []
    proxy.asked.length = 0
    for (const origin of ['http://localhost:5174', 'http://localhost:5173/', 'HTTP://localhost:5173'])
      expectRefused(await get(UPLOAD, `Origin: ${origin}`), 'proxyForeignOrigin')
    expectRefused(
      await get(UPLOAD, 'Origin: http://localhost:5173', 'Origin: https://evil.example'),
      'proxyForeignOrigin',
    )
  })

  it('is not what a person who types the address is', async () => {
    expect(await get(UPLOAD, 'Sec-Fetch-Site: none')).toMatchObject({ status: 200 })
  })
})

describe('the target', () => {
  it('goes on below the path of the key’s address, with its query as it came', async () => {
    await get(`${UPLOAD}?a=%2e%2e&b=//x&c`)
    expect(seen).toEqual(['GET /base/v0/upload/analyze?a=%2e%2e&b=//x&c'])
  })

  it.each([
    ['an absolute URI', (host: string) => `http://${host}${UPLOAD}`],
    ['an absolute URI elsewhere', () => `http://evil.example${UPLOAD}`],
    ['two slashes', () => `/${UPLOAD}`],
    ['a host behind two slashes', () => `//evil.example${UPLOAD}`],
    ['user information', () => `//user@evil.example${UPLOAD}`],
    ['a backslash', () => `/\\evil.example${UPLOAD}`],
    ['a backslash in the path', () => `${UPLOAD}\\..\\x`],
    ['a fragment', () => `${UPLOAD}#x`],
    ['an asterisk', () => '*'],
  ])('with %s is malformed', async (_case, target) => {
    expectRefused(await ask(`OPTIONS ${target(proxy.host)}`, `Host: ${proxy.host}`), 'malformedRequest')
  })

  it.each([
    `/${SECRET}/v0/auth`,
    `/${SECRET}/v1/client_tokens`,
    `/${SECRET}/`,
    `/${SECRET}`,
    `/${SECRET}?x`,
    `/${SECRET}//v0/upload/analyze`,
    `/${SECRET}/v0/upload/analyze/`,
    `/${SECRET}/v0/upload/../upload/analyze`,
    `/${SECRET}/v0/upload/%61nalyze`,
    `/${SECRET}/v0/upload/analyze;x`,
    `/${SECRET}/v2/upload/jobs/..%2f..%2fauth`,
    `/${SECRET}/v2/upload/jobs/../../../v0/auth`,
    `/${SECRET}/V0/upload/analyze`,
  ])('%s is no protected resource: it goes nowhere', async (path) => {
    expectRefused(await get(path), 'proxyPathRefused')
  })

  it('can be a path that was named, exact or below, with the scopes that were named', async () => {
    proxy = await start({ paths: ['/v0/real-time/analyze', '/v9/*'], scopes: ['interhumanai.stream'] })
    for (const path of ['/v0/real-time/analyze', '/v9/a/b', '/v0/upload/analyze'])
      expect(await get(`/${SECRET}${path}`)).toMatchObject({ status: 200 })
    expect(proxy.asked.map(({ scopes }) => scopes)).toEqual(Array(3).fill(['interhumanai.stream']))
    seen = []
    proxy.asked.length = 0
    for (const path of ['/v9', '/v9/../v0/auth', '/v9/%2e%2e/v0/auth', '/v0/real-time/analyze/x'])
      expectRefused(await get(`/${SECRET}${path}`), 'proxyPathRefused')
  })

  it('needs a token of just the scope that it needs, unless told otherwise', async () => {
    for (const path of ['/v2/upload/jobs/7', '/v1/stream/analyze']) await get(`/${SECRET}${path}`)
    expect(proxy.asked.map(({ scopes }) => scopes)).toEqual([
      ['interhumanai.upload'],
      ['interhumanai.stream'],
    ])
  })
})

describe('the secret', () => {
  it.each([
    ['no secret', '/v0/upload/analyze'],
    ['a part of it', `/${SECRET.slice(0, -1)}/v0/upload/analyze`],
    ['more than it', `/${SECRET}x/v0/upload/analyze`],
    ['another case', `/${SECRET.toLowerCase()}/v0/upload/analyze`],
    ['another spelling', `/${SECRET.replace('-', '%2D')}/v0/upload/analyze`],
    ['it in the query', `/v0/upload/analyze?${SECRET}`],
    ['it at the end', `/v0/upload/analyze/${SECRET}`],
  ])('a path with %s is refused', async (_case, path) => {
    expectRefused(await get(path), 'proxySecretAbsent')
  })

  it('is not needed where none was asked for', async () => {
    proxy = await start({ secret: undefined })
    expect(await get('/v0/upload/analyze')).toMatchObject({ status: 200 })
    seen = []
    proxy.asked.length = 0
    expectRefused(await get('/v0/auth'), 'proxyPathRefused')
  })

  it('is in no event, nor is a path that was not let in', async () => {
    await get(UPLOAD)
    await get(`/${SECRET}x/v0/upload/analyze`)
    await get(`/${SECRET}/v0/auth`)
    expect(proxy.events.map(({ path, status }) => [path, status])).toEqual([
      ['/v0/upload/analyze', 200],
      [undefined, 403],
      [undefined, 404],
    ])
    expect(JSON.stringify(proxy.events)).not.toContain('LEAK')
  })
})

describe('a method', () => {
  it.each(['TRACE', 'PROPFIND', 'PURGE'])(
    '%s is refused: an answer could show the bearer',
    async (method) => {
      const response = await ask(`${method} ${UPLOAD}`, `Host: ${proxy.host}`)
      expectRefused(response, 'methodNotAllowed')
      expect(response?.headers.allow).toBe('GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS')
    },
  )

  it('CONNECT leads nowhere', async () => {
    for (const target of ['evil.example:443', proxy.host])
      expectRefused(await ask(`CONNECT ${target}`, `Host: ${proxy.host}`), 'methodNotAllowed')
  })
})

describe('where it listens', () => {
  it('is loopback and nowhere else', async () => {
    const addresses = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
    for (const { address } of addresses) {
      const socket = connect({ host: address, port: Number(proxy.host.split(':')[1]) })
      const reached = await new Promise((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      })
      socket.destroy()
      expect(reached).toBe(false)
    }
  })
})

describe('attack 39: smuggling', () => {
  const head = () => [`POST ${UPLOAD} HTTP/1.1`, `Host: ${proxy.host}`]
  const behind = () => `GET /${SECRET}/v2/upload/jobs/7 HTTP/1.1\r\nHost: ${proxy.host}\r\n\r\n`

  it.each([
    ['a length and a transfer coding', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['a transfer coding and a length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], '0\r\n\r\n'],
    ['two lengths', ['Content-Length: 4', 'Content-Length: 5'], 'abcd'],
    ['two equal lengths', ['Content-Length: 4', 'Content-Length: 4'], 'abcd'],
    ['a list of lengths', ['Content-Length: 4, 4'], 'abcd'],
    ['a length with a sign', ['Content-Length: +4'], 'abcd'],
    ['a length in hexadecimal', ['Content-Length: 0x4'], 'abcd'],
    ['a coding before chunked', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'],
    ['a coding behind chunked', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'],
    ['chunked twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['a coding that looks like chunked', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
    ['a coding with a tab', ['Transfer-Encoding:\tchunked, x'], '0\r\n\r\n'],
    ['white space before the colon', ['Transfer-Encoding : chunked'], '0\r\n\r\n'],
    ['a line that is folded', ['X: a', ' Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['a line feed alone', ['X: a\nTransfer-Encoding: chunked'], '0\r\n\r\n'],
    ['a carriage return alone', ['X: a\rTransfer-Encoding: chunked'], '0\r\n\r\n'],
    ['a NUL in a value', ['X: a\0b'], ''],
    ['a chunk size that is none', ['Transfer-Encoding: chunked'], 'zz\r\n\r\n'],
  ])('%s: what stands behind is never a request of its own', async (_case, headers, body) => {
    const bytes = `${[...head(), ...headers, '', ''].join('\r\n')}${body}${behind()}`
    const { responses } = await sendRaw(proxy.url, Buffer.from(bytes, 'latin1'))
    expect(seen.filter((line) => line.startsWith('GET'))).toEqual([])
    expect(responses).toHaveLength(1)
    expect(responses[0]?.status).toBe(400)
    expect(JSON.parse(responses[0]?.body ?? '').error_id).toBe(ERRORS.malformedRequest.id)
  })

  it('an upgrade to what is no WebSocket is passed over, body and all', async () => {
    const lines = [
      ...head(),
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABk',
    ]
    const bytes = `${lines.join('\r\n')}\r\nContent-Length: 4\r\n\r\nabcd${behind()}`
    const { responses } = await sendRaw(proxy.url, bytes, { count: 2 })
    expect(responses.map(({ status }) => status)).toEqual([200, 200])
    expect(seen).toEqual(['POST /base/v0/upload/analyze', 'GET /base/v2/upload/jobs/7'])
  })

  it('a request behind another is a request like any other: it needs all that the first needed', async () => {
    const bytes = `${[...head(), 'Content-Length: 0', '', ''].join('\r\n')}GET /v2/upload/jobs/7 HTTP/1.1\r\nHost: evil.example\r\n\r\n`
    const { responses } = await sendRaw(proxy.url, bytes, { count: 2 })
    expect(responses.map(({ status }) => status)).toEqual([200, 403])
    expect(seen).toEqual(['POST /base/v0/upload/analyze'])
  })
})
