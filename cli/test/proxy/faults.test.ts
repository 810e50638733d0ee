import { once } from 'node:events'
import { createServer } from 'node:net'
import { ERRORS, type ErrorName } from '@interhuman-auth/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSocket, type RawResponse, readExchange, sendRaw } from '../../../test/support/raw-http.ts'
import { waitUntil } from '../../../test/support/start-service.ts'
import { makeCertificate } from '../support/certificate.ts'
import { startRawServer } from '../support/raw-server.ts'
import { SECRET, startApi, startTestProxy, type TestProxy } from '../support/start-proxy.ts'

const UPLOAD = `/${SECRET}/v0/upload/analyze`

function head(proxy: TestProxy, requestLine: string, ...headers: string[]): string {
  return [`${requestLine} HTTP/1.1`, `Host: ${proxy.host}`, ...headers, '', ''].join('\r\n')
}

async function get(proxy: TestProxy): Promise<RawResponse | undefined> {
  return (await sendRaw(proxy.url, head(proxy, `GET ${UPLOAD}`), { count: 1 })).responses[0]
}

function expectOwn(response: RawResponse | undefined, error: ErrorName): void {
  expect(response?.status).toBe(ERRORS[error].status)
  expect(JSON.parse(response?.body ?? '{}')).toMatchObject({
    error_id: ERRORS[error].id,
    message: ERRORS[error].message,
    correlation_id: response?.headers['x-correlation-id'],
  })
  expect(JSON.stringify(response)).not.toContain('LEAK')
}

async function isEventually(predicate: () => boolean, what: string): Promise<void> {
  await waitUntil(predicate, () => `never: ${what}`)
}

describe('an API', () => {
  it('that is not there is 502, with an id of our own and the operator told why', async () => {
    const proxy = await startTestProxy('http://127.0.0.1:9')
    expectOwn(await get(proxy), 'proxyUpstreamFailed')
    await isEventually(() => proxy.events.length === 1, 'an event')
    expect(proxy.events[0]).toMatchObject({ status: 502, errorId: 'ia9106', systemCode: 'ECONNREFUSED' })
  })

  it.each([
    ['ends the connection', ''],
    ['speaks no HTTP', 'SSH-2.0-x\r\n\r\n'],
    ['stops within its head', 'HTTP/1.1 200 OK\r\nX: 1'],
    ['has a head without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`],
  ])('that %s is 502', async (_case, answer) => {
    const api = await startRawServer((socket) => socket.end(answer))
    onTestFinished(api.stop)
    expectOwn(await get(await startTestProxy(api.url)), 'proxyUpstreamFailed')
  })

  it('that resets the connection is 502', async () => {
    const api = await startRawServer((socket) => socket.resetAndDestroy())
    onTestFinished(api.stop)
    expectOwn(await get(await startTestProxy(api.url)), 'proxyUpstreamFailed')
  })

  it('that takes a connection and never answers is 504', async () => {
    const api = await startApi(() => {})
    const proxy = await startTestProxy(api.url, { limits: { answerTimeoutMs: 100 } })
    expectOwn(await get(proxy), 'proxyUpstreamTimeout')
  })

  it('that begins TLS and does not go on is 504', async () => {
    const api = createServer(() => {}).listen(0, '127.0.0.1')
    await once(api, 'listening')
    onTestFinished(() => void api.close())
    const { port } = api.address() as { port: number }
    const proxy = await startTestProxy(`https://127.0.0.1:${port}`, { limits: { connectTimeoutMs: 100 } })
    expectOwn(await get(proxy), 'proxyUpstreamTimeout')
    await proxy.close(0)
  })

  it('whose certificate nobody vouches for is 502 and gets no token, whatever the environment says', async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    onTestFinished(() => void delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
    const day = 86_400_000
    const certificate = makeCertificate('localhost', new Date(Date.now() - day), new Date(Date.now() + day))
    const api = await startRawServer((socket) => socket.end(), certificate)
    onTestFinished(api.stop)
    const proxy = await startTestProxy(api.url.replace('127.0.0.1', 'localhost'))
    expectOwn(await get(proxy), 'proxyUpstreamFailed')
    expect(api.requests).toEqual([])
    await isEventually(() => proxy.events[0]?.systemCode === 'DEPTH_ZERO_SELF_SIGNED_CERT', 'a reason')
  })

  it.each([
    ['plain text stays', "Said so: it's 1", "Said so: it's 1"],
    ['a control character', 'a\x01b', 'OK'],
    ['a byte that is no ASCII', 'a\xe9b', 'OK'],
    ['none', '', ''],
  ])('may word its status as it likes, and the proxy lives: %s', async (_case, phrase, expected) => {
    const bytes = `HTTP/1.1 103 ${phrase}\r\nX: 1\r\n\r\nHTTP/1.1 200 ${phrase}\r\nContent-Length: 0\r\n\r\n`
    const api = await startRawServer((socket) => socket.end(Buffer.from(bytes, 'latin1')))
    onTestFinished(api.stop)
    const proxy = await startTestProxy(api.url)
    const { responses } = await sendRaw(proxy.url, head(proxy, `GET ${UPLOAD}`), { count: 2 })
    const early = expected === 'OK' ? 'Early Hints' : expected
    expect(responses.map(({ statusLine }) => statusLine)).toEqual([
      `HTTP/1.1 103 ${early}`,
      `HTTP/1.1 200 ${expected}`,
    ])
  })

  it('that answers with a status that none can hand on is 500, and the proxy lives', async () => {
    const api = await startRawServer((socket) =>
      socket.end('HTTP/1.1 099 a\x01b\r\nContent-Length: 0\r\n\r\n'),
    )
    onTestFinished(api.stop)
    const proxy = await startTestProxy(api.url)
    for (let count = 0; count < 2; count += 1) expectOwn(await get(proxy), 'internal')
  })

  it('that turns a plain request into another protocol is 502, and never sees what the client sends next', async () => {
    let seen = ''
    const api = await startRawServer((socket) => {
      socket.on('data', (chunk) => (seen += chunk))
      socket.write('HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello')
    })
    onTestFinished(api.stop)
    const proxy = await startTestProxy(api.url)
    const socket = openSocket(proxy.url)
    socket.write(head(proxy, `GET ${UPLOAD}`))
    expectOwn((await readExchange(socket, 1, { keep: true })).responses[0], 'proxyUpstreamFailed')
    socket.write(head(proxy, `GET /${SECRET}/not/allowed`))
    expectOwn((await readExchange(socket, 1)).responses[0], 'proxyPathRefused')
    expect(seen).toBe('')
    await isEventually(() => proxy.events.length === 2, 'the end of both')
  })

  it('that breaks off within its body breaks off here as well: it never looks whole', async () => {
    for (const framing of ['Content-Length: 9', 'Transfer-Encoding: chunked']) {
      const api = await startRawServer((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n3\r\nabc\r\n`)
        setTimeout(() => socket.destroy(), 20)
      })
      onTestFinished(api.stop)
      const proxy = await startTestProxy(api.url)
      const response = await fetch(`${proxy.baseUrl}/v0/upload/analyze`)
      await expect(response.text()).rejects.toThrow('terminated')
    }
  })

  it('that falls silent within its body is given up', async () => {
    const api = await startApi((_request, response) => void response.write('abc'))
    const proxy = await startTestProxy(api.url, { limits: { idleTimeoutMs: 100 } })
    const response = await fetch(`${proxy.baseUrl}/v0/upload/analyze`)
    await expect(response.text()).rejects.toThrow('terminated')
  })

  it('that answers before the body is there: the answer arrives, and the rest of the body goes nowhere', async () => {
    const api = await startApi((_request, response) => {
      response.writeHead(413, { 'Content-Length': 2 }).end('no')
    })
    const proxy = await startTestProxy(api.url)
    const socket = openSocket(proxy.url)
    socket.write(head(proxy, `POST ${UPLOAD}`, 'Content-Length: 100000000'))
    const sending = setInterval(() => socket.write(Buffer.alloc(65_536)), 5)
    const { responses, error } = await readExchange(socket)
    clearInterval(sending)
    expect(responses[0]).toMatchObject({ status: 413, body: 'no' })
    expect(error).not.toBe('READ_TIMEOUT')
  })
})

describe('no token', () => {
  it('is 502, says when to come again, and nothing is sent', async () => {
    let requests = 0
    const api = await startApi((_request, response) => {
      requests += 1
      response.end()
    })
    const fault = Object.assign(new Error('LEAK'), { retryAfterSeconds: 6.2 })
    const tokens = async () => ({ getToken: () => Promise.reject(fault), drop() {} })
    const proxy = await startTestProxy(api.url, { tokens })
    const response = await get(proxy)
    expectOwn(response, 'proxyTokenAbsent')
    expect(response?.headers['retry-after']).toBe('7')
    expect(requests).toBe(0)
  })

  it('any more, after the one that was refused: the API’s 401 is handed on', async () => {
    const api = await startApi((_request, response) => response.writeHead(401).end('refused'))
    let asked = 0
    const getToken = async () => {
      asked += 1
      if (asked > 1) throw new Error('LEAK')
      return { value: 'LEAK.token' }
    }
    const proxy = await startTestProxy(api.url, { tokens: async () => ({ getToken, drop() {} }) })
    const response = await fetch(`${proxy.baseUrl}/v0/upload/analyze`)
    expect([response.status, await response.text()]).toEqual([401, 'refused'])
  })
})

describe('a client', () => {
  it('that leaves ends the request to the API, before its answer and within it', async () => {
    for (const begins of [false, true]) {
      let closed = false
      let arrived = false
      const api = await startApi((_request, response) => {
        arrived = true
        if (begins) response.write('abc')
        response.once('close', () => (closed = true))
      })
      const proxy = await startTestProxy(api.url)
      const socket = openSocket(proxy.url)
      socket.write(head(proxy, `GET ${UPLOAD}`))
      if (begins) await once(socket, 'data')
      await isEventually(() => arrived, 'a request')
      socket.destroy()
      await isEventually(() => closed, 'the end')
    }
  })

  it('that leaves within its body ends the request to the API', async () => {
    let arrived = false
    let closed = false
    const api = await startApi((request) => {
      arrived = true
      request.resume().once('close', () => (closed = true))
    })
    const proxy = await startTestProxy(api.url)
    const socket = openSocket(proxy.url)
    socket.write(`${head(proxy, `POST ${UPLOAD}`, 'Transfer-Encoding: chunked')}3\r\nabc\r\n`)
    await isEventually(() => arrived, 'a request')
    socket.destroy()
    await isEventually(() => closed, 'the end')
  })

  it('that leaves while a token is awaited: nothing is sent', async () => {
    let requests = 0
    const api = await startApi(() => {
      requests += 1
    })
    let signal: AbortSignal | undefined
    const getToken = (options: { signal?: AbortSignal } = {}) => {
      signal = options.signal
      return new Promise<never>((_, reject) =>
        signal?.addEventListener('abort', () => reject(signal?.reason)),
      )
    }
    const proxy = await startTestProxy(api.url, { tokens: async () => ({ getToken, drop() {} }) })
    const socket = openSocket(proxy.url)
    socket.write(head(proxy, `GET ${UPLOAD}`))
    await isEventually(() => signal !== undefined, 'a wish')
    socket.destroy()
    await isEventually(() => proxy.events.length === 1, 'an event')
    expect(proxy.events[0]).toMatchObject({ status: undefined, errorId: undefined })
    expect(requests).toBe(0)
  })

  it('that sends its head a byte a time is 408', async () => {
    const proxy = await startTestProxy('http://127.0.0.1:9', { limits: { headTimeoutMs: 200 } })
    const socket = openSocket(proxy.url)
    const sending = setInterval(() => socket.write('G'), 20)
    socket.write('GET / HTTP/1.1\r\nX: ')
    const { responses } = await readExchange(socket)
    clearInterval(sending)
    expectOwn(responses[0], 'requestTimeout')
  })

  it('that does not send its small body is 408, its large one 504', async () => {
    const api = await startApi((request) => void request.resume())
    const limits = { gatherTimeoutMs: 100, idleTimeoutMs: 100 }
    const proxy = await startTestProxy(api.url, { limits })
    for (const [length, error] of [
      [10, 'requestTimeout'],
      [100_000, 'proxyUpstreamTimeout'],
    ] as const) {
      const bytes = head(proxy, `POST ${UPLOAD}`, `Content-Length: ${length}`)
      expectOwn((await sendRaw(proxy.url, bytes)).responses[0], error)
    }
  })

  it('that reads nothing is not waited for without end, and holds no more than buffers', async () => {
    let closed = false
    let sent = 0
    const api = await startApi((_request, response) => {
      const chunk = Buffer.alloc(65_536)
      const more = () => {
        while (!closed && response.write(chunk)) sent += chunk.length
      }
      response.on('drain', more).once('close', () => (closed = true))
      more()
    })
    const proxy = await startTestProxy(api.url, { limits: { idleTimeoutMs: 300 } })
    const socket = openSocket(proxy.url)
    onTestFinished(() => void socket.destroy())
    socket.pause().write(head(proxy, `GET ${UPLOAD}`))
    await isEventually(() => closed, 'the end')
    expect(sent).toBeLessThan(32 * 1024 * 1024)
  })

  it.each([
    ['a head that is too large', `GET / HTTP/1.1\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`, 'headersTooLarge'],
    ['what is no HTTP', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03', 'malformedRequest'],
    ['an unknown version', 'GET / HTTP/3.0\r\n\r\n', 'malformedRequest'],
  ] as const)('that sends %s is told so', async (_case, bytes, error) => {
    const proxy = await startTestProxy('http://127.0.0.1:9')
    expectOwn((await sendRaw(proxy.url, Buffer.from(bytes, 'latin1'))).responses[0], error)
  })

  it('that sends a body which breaks off in the middle of a chunk is told so, and the API hears no whole one', async () => {
    let arrived = false
    let complete: boolean | undefined
    const api = await startApi((request) => {
      arrived = true
      request.resume().once('close', () => (complete = request.complete))
    })
    const proxy = await startTestProxy(api.url)
    const socket = openSocket(proxy.url)
    socket.write(`${head(proxy, `POST ${UPLOAD}`, 'Transfer-Encoding: chunked')}3\r\nabc\r\n`)
    await isEventually(() => arrived, 'a request')
    socket.write('zz\r\n')
    expectOwn((await readExchange(socket)).responses[0], 'malformedRequest')
    await isEventually(() => complete === false, 'the end')
  })
})

describe('what comes behind a whole request and is none', () => {
  it('ends the connection after the answer to that request', async () => {
    let answer = () => {}
    let isAsked = false
    const api = await startApi((_request, response) => {
      isAsked = true
      answer = () => response.setHeader('Content-Length', 4).end('done')
    })
    const proxy = await startTestProxy(api.url)
    const socket = openSocket(proxy.url)
    socket.write(`${head(proxy, `GET ${UPLOAD}`)}garbage\r\n\r\n`)
    await isEventually(() => isAsked, 'a request')
    answer()
    const { responses, error } = await readExchange(socket)
    expect(responses.map(({ status }) => status)).toEqual([200])
    expect(error).toBeUndefined()
  })
})

describe('bounds', () => {
  it('hold for requests on their way: one too many is 503, and comes in when another has gone', async () => {
    const waiting: (() => void)[] = []
    const api = await startApi((_request, response) => void waiting.push(() => response.end()))
    const proxy = await startTestProxy(api.url, { limits: { maxExchanges: 2 } })
    const first = [get(proxy), get(proxy)]
    await isEventually(() => waiting.length === 2, 'two requests')
    const refused = await get(proxy)
    expectOwn(refused, 'unavailable')
    expect(refused?.headers['retry-after']).toBe('1')
    for (const answer of waiting) answer()
    await Promise.all(first)
    const last = get(proxy)
    await isEventually(() => waiting.length === 3, 'a third request')
    waiting[2]?.()
    expect(await last).toMatchObject({ status: 200 })
  })

  it('hold for connections', async () => {
    const proxy = await startTestProxy('http://127.0.0.1:9', { limits: { maxConnections: 1 } })
    const socket = openSocket(proxy.url)
    await once(socket, 'connect')
    const { responses } = await sendRaw(proxy.url, head(proxy, `GET ${UPLOAD}`))
    expect(responses).toEqual([])
    socket.destroy()
  })
})

describe('the end of a proxy', () => {
  it('lets what is on its way end, and takes no more', async () => {
    let answer: (() => void) | undefined
    const api = await startApi((_request, response) => {
      answer = () => response.end('done')
    })
    const proxy = await startTestProxy(api.url)
    const pending = fetch(`${proxy.baseUrl}/v0/upload/analyze`)
    await isEventually(() => answer !== undefined, 'a request')
    const closed = proxy.close(10_000)
    await expect(fetch(proxy.baseUrl)).rejects.toThrow()
    answer?.()
    expect(await (await pending).text()).toBe('done')
    await closed
  })

  it('does not wait longer than it was told', async () => {
    const api = await startApi((_request, response) => void response.write('abc'))
    const proxy = await startTestProxy(api.url)
    const response = await fetch(`${proxy.baseUrl}/v0/upload/analyze`)
    await proxy.close(50)
    await expect(response.text()).rejects.toThrow('terminated')
  })
})
