import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer as createRawServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSocket, readExchange, sendRaw } from '../../../test/support/raw-http.ts'
import { startRawServer } from '../support/raw-server.ts'
import { SECRET, startApi, startTestProxy, type TestProxy, TOKENS } from '../support/start-proxy.ts'

const UPLOAD = `/${SECRET}/v0/upload/analyze`

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function head(proxy: TestProxy, requestLine: string, ...headers: string[]): string {
  return [`${requestLine} HTTP/1.1`, `Host: ${proxy.host}`, ...headers, '', ''].join('\r\n')
}

describe('what goes on to the API', () => {
  async function forwarded(headers: readonly string[]): Promise<string[]> {
    let raw: string[] = []
    const api = await startApi((request, response) => {
      raw = request.rawHeaders
      response.end()
    })
    const proxy = await startTestProxy(api.url)
    await sendRaw(proxy.url, head(proxy, `GET ${UPLOAD}`, ...headers), { count: 1 })
    return raw.map((text) => text.replace(new URL(api.url).host, 'the-api'))
  }

  it('is the client’s headers as they came, letter for letter and repeated, with the host and the bearer anew', async () => {
    const sent = ['X-One: 1', 'x-ONE: 2', 'Cookie: a=b', 'User-Agent: tool/1', 'X-Latin: caf\u00e9', 'Empty:']
    expect(await forwarded(sent)).toEqual([
      ...['Host', 'the-api', 'X-One', '1', 'x-ONE', '2', 'Cookie', 'a=b', 'User-Agent', 'tool/1'],
      ...[
        'X-Latin',
        'cafÃ©',
        'Empty',
        '',
        'Authorization',
        `Bearer ${TOKENS[0]}`,
        'Connection',
        'keep-alive',
      ],
    ])
  })

  it('has no credential of the client’s, whatever it is called', async () => {
    const raw = await forwarded([
      'Authorization: Bearer LEAKown',
      'authorization: Basic LEAKbasic',
      'Proxy-Authorization: LEAKproxy',
    ])
    expect(raw.filter((text) => text.includes('LEAK'))).toEqual([`Bearer ${TOKENS[0]}`])
  })

  it('has nothing that belonged to the client’s connection, nor what Connection names', async () => {
    const raw = await forwarded([
      'Connection: close, X-Mine, Cookie',
      'X-Mine: 1',
      'Cookie: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'TE: trailers',
      'X-Yours: 1',
    ])
    expect(raw.filter((_, index) => index % 2 === 0)).toEqual([
      'Host',
      'X-Yours',
      'Authorization',
      'Connection',
    ])
  })

  it('adds nothing that says who asks or by which way', async () => {
    expect((await forwarded([])).join('\n')).not.toMatch(/forwarded|via|user-agent|interhuman/i)
  })

  it.each([
    ['with a length', 'Content-Length: 4\r\n\r\nabcd', ['Content-Length', '4'], 'abcd'],
    ['with a length of zero', 'Content-Length: 0\r\n\r\n', ['Content-Length', '0'], ''],
    ['with neither length nor body', '\r\n', ['Content-Length', '0'], ''],
    [
      'in chunks',
      'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2;x=y\r\ncd\r\n0\r\n\r\n',
      ['Transfer-Encoding', 'chunked'],
      'abcd',
    ],
  ])('a body %s stays one', async (_case, rest, framing, body) => {
    let raw: readonly string[] = []
    const api = await startApi(async (request, response) => {
      raw = request.rawHeaders
      response.end(await readAll(request))
    })
    const proxy = await startTestProxy(api.url)
    const bytes = `POST ${UPLOAD} HTTP/1.1\r\nHost: ${proxy.host}\r\n${rest}`
    const { responses } = await sendRaw(proxy.url, bytes, { count: 1 })
    expect(raw.join('\n')).toContain(framing.join('\n'))
    expect(responses[0]?.body).toBe(body)
  })

  it('has the trailers of a body in chunks, but for those that a trailer must not bring', async () => {
    let trailers: string[] = []
    const api = await startApi(async (request, response) => {
      await readAll(request)
      trailers = request.rawTrailers
      response.end()
    })
    const proxy = await startTestProxy(api.url)
    const body = '1\r\na\r\n0\r\nX-Sum: 1\r\nAuthorization: LEAKtrailer\r\nHost: x\r\n\r\n'
    const bytes = head(proxy, `POST ${UPLOAD}`, 'Transfer-Encoding: chunked', 'Trailer: X-Sum') + body
    await sendRaw(proxy.url, bytes, { count: 1 })
    expect(trailers).toEqual(['X-Sum', '1'])
  })
})

describe('what comes back', () => {
  async function answered(
    answer: string,
    request = (proxy: TestProxy) => head(proxy, `GET ${UPLOAD}`, 'Connection: close'),
  ) {
    const api = await startRawServer((socket) => socket.end(Buffer.from(answer, 'latin1')))
    onTestFinished(api.stop)
    const proxy = await startTestProxy(`${api.url}/base`)
    const socket = openSocket(proxy.url)
    socket.write(request(proxy))
    const text = (await readAll(socket)).toString('latin1')
    return {
      text: text.replaceAll(proxy.host, 'the-proxy').replaceAll(new URL(api.url).host, 'the-api'),
      proxy,
      api,
    }
  }

  it('is the answer as it stands, repeated headers, odd reason and encoding too', async () => {
    const body = gzipSync('hello').toString('latin1')
    const { text } = await answered(
      `HTTP/1.1 299 Odd  reason\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Encoding: gzip\r\nX-Correlation-ID: 7\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(text).toBe(
      `HTTP/1.1 299 Odd  reason\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Encoding: gzip\r\nX-Correlation-ID: 7\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    )
  })

  it('has nothing of the API’s connection, nor a way past this side', async () => {
    const { text } = await answered(
      'HTTP/1.1 200 OK\r\nConnection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: x\r\nAlt-Svc: h3=":443"\r\nContent-Length: 0\r\n\r\n',
    )
    expect(text).toBe('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  })

  it('has the trailers of an answer in chunks', async () => {
    const { text } = await answered(
      'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\nSet-Cookie: x\r\n\r\n',
    )
    expect(text).toBe(
      'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n',
    )
  })

  it.each([
    ['/base/v2/upload/jobs/7?x=1', 'http://the-proxy/SECRET/v2/upload/jobs/7?x=1'],
    ['http://the-api/base/v2/upload/jobs/7#y', 'http://the-proxy/SECRET/v2/upload/jobs/7#y'],
    ['7', '7'],
    ['/elsewhere', '/elsewhere'],
    ['https://the-api/base/x', 'https://the-api/base/x'],
    ['//evil.example/base/x', '//evil.example/base/x'],
    ['https://evil.example/base/x', 'https://evil.example/base/x'],
    ['http://', 'http://'],
  ])('a Location of %s leads to %s', async (location, expected) => {
    const api = await startApi((_request, response) => {
      response.writeHead(202, { Location: location.replace('the-api', new URL(api.url).host) }).end()
    })
    const proxy = await startTestProxy(`${api.url}/base`)
    const { responses } = await sendRaw(proxy.url, head(proxy, `GET ${UPLOAD}`), { count: 1 })
    const found = responses[0]?.headers.location?.replace(new URL(api.url).host, 'the-api')
    expect(found?.replace(proxy.host, 'the-proxy').replace(SECRET, 'SECRET')).toBe(expected)
  })

  it('is a redirect that is not followed: the token goes no further', async () => {
    const { text, api } = await answered(
      'HTTP/1.1 307 To\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n',
    )
    expect(text).toContain('Location: https://evil.example/')
    expect(api.requests).toHaveLength(1)
  })

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n'],
  ])('to %s has no body where there is none: %j', async (method, answer) => {
    const { text } = await answered(answer, (proxy) =>
      head(proxy, `${method} ${UPLOAD}`, 'Connection: close'),
    )
    expect(text).toBe(answer.replace(/\r\n$/, 'Connection: close\r\n\r\n'))
  })

  it('interim answers go by, but none to HTTP/1.0', async () => {
    const answer = `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 104 Odd\r\nConnection: X\r\nX: 1\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`
    const { text } = await answered(answer)
    expect(text).toBe(
      'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 104 Odd\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    )
    const old = await answered(answer, (proxy) => `GET ${UPLOAD} HTTP/1.0\r\nHost: ${proxy.host}\r\n\r\n`)
    expect(old.text).toBe('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  })

  it('comes as it comes: a head before its body, an event before the next', async () => {
    let say: (text: string) => void = () => {}
    const api = await startApi((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
      say = (text) => response.write(text)
    })
    const proxy = await startTestProxy(api.url)
    const response = await fetch(`${proxy.baseUrl}/v0/upload/analyze`)
    const reader = response.body?.getReader()
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      say(text)
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(text)
    }
    await reader?.cancel()
  })
})

describe('a body that waits to be asked for', () => {
  const expecting = (proxy: TestProxy) =>
    head(proxy, `POST ${UPLOAD}`, 'Content-Length: 4', 'Expect: 100-continue')

  it('is asked for when the API asks for it, and not before', async () => {
    const api = await startApi(async (request, response) => response.end(await readAll(request)))
    api.server.on('checkContinue', async (request, response) => {
      response.writeContinue()
      response.end(await readAll(request))
    })
    const proxy = await startTestProxy(api.url)
    const socket = openSocket(proxy.url)
    socket.write(expecting(proxy))
    const asked = await readExchange(socket, 1, { keep: true })
    expect(asked.responses[0]?.statusLine).toBe('HTTP/1.1 100 Continue')
    socket.write('abcd')
    expect((await readExchange(socket, 1)).responses[0]).toMatchObject({ status: 200, body: 'abcd' })
  })

  it('is not asked for when the API refuses first', async () => {
    const api = await startApi(() => {})
    api.server.on('checkContinue', (_request, response) =>
      response.writeHead(413, { 'Content-Length': 2 }).end('no'),
    )
    const proxy = await startTestProxy(api.url)
    const socket = openSocket(proxy.url)
    socket.write(expecting(proxy))
    const { responses } = await readExchange(socket)
    expect(responses.map(({ status }) => status)).toEqual([413])
  })

  it('is not asked for by a proxy that refuses', async () => {
    const proxy = await startTestProxy('http://127.0.0.1:9')
    const socket = openSocket(proxy.url)
    socket.write(expecting(proxy).replace(SECRET, 'x'))
    const { responses } = await readExchange(socket)
    expect(responses.map(({ status }) => status)).toEqual([403])
  })

  it('may come without being asked for', async () => {
    const api = await startApi(() => {})
    api.server.on('checkContinue', async (request, response) => response.end(await readAll(request)))
    const proxy = await startTestProxy(api.url)
    const { responses } = await sendRaw(proxy.url, `${expecting(proxy)}abcd`, { count: 1 })
    expect(responses[0]).toMatchObject({ status: 200, body: 'abcd' })
  })
})

describe('a token that the API calls invalid', () => {
  /** An API that takes only some tokens. */
  async function start(
    takes: readonly string[],
    challenge: string | undefined = 'Bearer error="invalid_token"',
  ) {
    const seen: string[] = []
    const api = await startApi(async (request: IncomingMessage, response) => {
      const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
      const body = await readAll(request)
      seen.push(`${token} ${body.length}`)
      if (takes.includes(token)) return response.end(body)
      response.writeHead(401, challenge === undefined ? {} : { 'WWW-Authenticate': challenge }).end('refused')
    })
    return { seen, proxy: await startTestProxy(api.url) }
  }

  const post = (proxy: TestProxy, body: BodyInit) =>
    fetch(`${proxy.baseUrl}/v0/upload/analyze`, { method: 'POST', body, duplex: 'half' } as RequestInit)

  it.each([0, 4, 64 * 1024])(
    'is dropped, and a body of %i bytes sent once more with another',
    async (length) => {
      const { seen, proxy } = await start([TOKENS[1]])
      const response = await post(proxy, Buffer.alloc(length))
      expect(response.status).toBe(200)
      expect(await response.arrayBuffer()).toHaveProperty('byteLength', length)
      expect(seen).toEqual([`${TOKENS[0]} ${length}`, `${TOKENS[1]} ${length}`])
      expect(proxy.dropped).toEqual([TOKENS[0]])
    },
  )

  it('is dropped where there is no challenge at all', async () => {
    const { seen, proxy } = await start([TOKENS[1]], undefined)
    expect((await post(proxy, 'a')).status).toBe(200)
    expect(seen).toHaveLength(2)
  })

  it('twice is the client’s to hear', async () => {
    const { seen, proxy } = await start([])
    const response = await post(proxy, 'a')
    expect([response.status, await response.text()]).toEqual([401, 'refused'])
    expect(seen).toHaveLength(2)
  })

  it.each([
    ['is large', () => Buffer.alloc(64 * 1024 + 1)],
    ['comes in chunks', () => new Blob(['abcd']).stream()],
  ])(
    'is dropped, and a body that %s is not sent again: the next request has another',
    async (_case, body) => {
      const { seen, proxy } = await start([TOKENS[1]])
      const response = await post(proxy, body())
      expect([response.status, await response.text()]).toEqual([401, 'refused'])
      expect(seen).toHaveLength(1)
      expect((await post(proxy, 'a')).status).toBe(200)
    },
  )

  it('has life enough left where a body cannot be sent again', async () => {
    const { proxy } = await start([TOKENS[0]])
    await post(proxy, 'small')
    await post(proxy, Buffer.alloc(64 * 1024 + 1))
    expect(proxy.asked.map(({ minValiditySeconds }) => minValiditySeconds)).toEqual([undefined, 120])
  })

  it.each([
    ['Bearer error="insufficient_scope"', 401],
    ['Bearer', 401],
    ['Basic realm="x"', 401],
  ])('is not what a challenge of %s says', async (challenge) => {
    const { seen, proxy } = await start([], challenge)
    expect((await post(proxy, 'a')).status).toBe(401)
    expect(seen).toHaveLength(1)
    expect(proxy.dropped).toEqual([])
  })

  it('is not what a 403 says', async () => {
    const api = await startApi((_request, response) => {
      response.writeHead(403, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }).end()
    })
    const proxy = await startTestProxy(api.url)
    expect((await post(proxy, 'a')).status).toBe(403)
    expect(proxy.dropped).toEqual([])
  })
})

describe('a connection to the API that is kept', () => {
  it('and closed in the moment that it is used: a GET is sent again, over another', async () => {
    const sockets: Socket[] = []
    const api = createRawServer((socket) => {
      sockets.push(socket)
      let answered = 0
      socket
        .on('error', () => {})
        .on('data', () => {
          answered += 1
          // The first connection ends under its second request.
          if (sockets.length === 1 && answered === 2) socket.destroy()
          else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        })
    }).listen(0, '127.0.0.1')
    await once(api, 'listening')
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      api.close()
    })
    const { port } = api.address() as { port: number }
    const proxy = await startTestProxy(`http://127.0.0.1:${port}`)
    for (let count = 0; count < 2; count += 1)
      expect((await fetch(`${proxy.baseUrl}/v2/upload/jobs/7`)).status).toBe(200)
    expect(sockets).toHaveLength(2)
  })
})
