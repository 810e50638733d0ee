import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { openSocket, sendRaw } from '../../../test/support/raw-http.ts'
import { waitUntil } from '../../../test/support/start-service.ts'
import { SECRET, startApi, startTestProxy, type TestProxy, TOKENS } from '../support/start-proxy.ts'

const PATH = '/v0/stream/analyze'

interface Stream {
  readonly proxy: TestProxy
  readonly handshakes: IncomingMessage[]
  readonly server: WebSocketServer
}

/** A stream endpoint of `ws` behind a proxy, that says back what it is told. */
async function start(
  options: ConstructorParameters<typeof WebSocketServer>[0] = {},
  proxyOptions: Parameters<typeof startTestProxy>[1] = {},
  refuse: (request: IncomingMessage, socket: Duplex) => boolean = () => false,
): Promise<Stream> {
  const handshakes: IncomingMessage[] = []
  const server = new WebSocketServer({ noServer: true, ...options })
  const api = await startApi((_request, response) => response.end())
  api.server.on('upgrade', (request, socket, head) => {
    handshakes.push(request)
    if (refuse(request, socket)) return
    server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => {})
      client.on('message', (data, binary) => client.send(data, { binary }))
    })
  })
  return { proxy: await startTestProxy(api.url, proxyOptions), handshakes, server }
}

function open(proxy: TestProxy, protocols: string[] = [], options: object = {}): WebSocket {
  const socket = new WebSocket(`${proxy.baseUrl.replace('http', 'ws')}${PATH}`, protocols, options)
  onTestFinished(() => socket.terminate())
  return socket.on('error', () => {})
}

/** What became of a handshake: open, or the status that it was refused with. */
async function outcome(socket: WebSocket): Promise<string | number | undefined> {
  return new Promise((resolve) => {
    socket.once('open', () => resolve('open'))
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
    socket.once('error', (fault) => resolve(fault.message))
  })
}

describe('a WebSocket', () => {
  it('carries the bearer in its handshake, and frames of either kind and any size both ways', async () => {
    const { proxy, handshakes } = await start()
    const socket = open(proxy, [], { headers: { Authorization: 'Bearer LEAKown' } })
    expect(await outcome(socket)).toBe('open')
    expect(handshakes[0]?.headersDistinct.authorization).toEqual([`Bearer ${TOKENS[0]}`])
    expect(proxy.asked.map(({ scopes }) => scopes)).toEqual([['interhumanai.stream']])
    for (const data of ['text', Buffer.from([0, 255]), Buffer.alloc(1_000_000, 7)]) {
      socket.send(data)
      const [answer, binary] = await once(socket, 'message')
      expect([answer.equals(Buffer.from(data)), binary]).toEqual([true, typeof data !== 'string'])
    }
  })

  it('keeps its extensions: compressed frames pass', async () => {
    const { proxy } = await start({ perMessageDeflate: { threshold: 0 } })
    const socket = open(proxy, [], { perMessageDeflate: { threshold: 0 } })
    await outcome(socket)
    expect(socket.extensions).toContain('permessage-deflate')
    socket.send('a'.repeat(10_000))
    expect((await once(socket, 'message'))[0].toString()).toBe('a'.repeat(10_000))
  })

  it('closes with the code and the reason of whoever closes it', async () => {
    const { proxy, server } = await start()
    const socket = open(proxy)
    await outcome(socket)
    for (const client of server.clients) client.close(4003, 'why')
    const [code, reason] = await once(socket, 'close')
    expect([code, reason.toString()]).toEqual([4003, 'why'])

    const other = open(proxy)
    await outcome(other)
    const [client] = server.clients
    other.close(1001, 'leaving')
    const [otherCode, otherReason] = await once(client as WebSocket, 'close')
    expect([otherCode, otherReason.toString()]).toEqual([1001, 'leaving'])
    await waitUntil(
      () => proxy.events.length === 2,
      () => 'no event',
    )
    expect(proxy.events[0]).toMatchObject({ method: 'GET', path: PATH, status: 101, errorId: undefined })
  })

  it('that breaks off at one end breaks off at the other', async () => {
    const { proxy, server } = await start()
    const socket = open(proxy)
    await outcome(socket)
    for (const client of server.clients) client.terminate()
    expect((await once(socket, 'close'))[0]).toBe(1006)

    const other = open(proxy)
    await outcome(other)
    const [client] = server.clients
    const closed = once(client as WebSocket, 'close')
    other.terminate()
    expect((await closed)[0]).toBe(1006)
  })

  it('hands on what either side says together with its handshake', async () => {
    const api = await startApi(() => {})
    api.server.on('upgrade', (_request, socket, head) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nearly${head}`,
      )
      socket.on('data', (bytes: Buffer) => socket.end(bytes))
    })
    const proxy = await startTestProxy(api.url)
    const socket = openSocket(proxy.url)
    socket.write(handshake(proxy, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='))
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk
      if (text.endsWith('early')) socket.write('late')
    })
    await once(socket, 'end')
    socket.destroy()
    expect(text).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearlylate',
    )
  })

  it('in which nothing happens is not kept without end', async () => {
    const { proxy } = await start({}, { limits: { socketIdleTimeoutMs: 200 } })
    const socket = open(proxy)
    await outcome(socket)
    expect((await once(socket, 'close'))[0]).toBe(1006)
  })

  it('ends with the proxy', async () => {
    const { proxy } = await start()
    const socket = open(proxy)
    await outcome(socket)
    await Promise.all([once(socket, 'close'), proxy.close(20)])
  })
})

describe('the subprotocols of a handshake', () => {
  it.each([
    ['access_token, LEAKcredential', undefined, 'access_token'],
    ['access_token, LEAKcredential, v2, v1', 'v2, v1', 'v2'],
    ['v2, access_token, LEAKcredential', 'v2', 'v2'],
    ['access_token', undefined, 'access_token'],
    ['v2,v1', 'v2, v1', 'v2'],
    ['LEAKcredential', undefined, 'LEAKcredential'],
    ['dummy', undefined, 'dummy'],
    ['no!credential', 'no!credential', 'no!credential'],
    ['', undefined, undefined],
  ])('%j go on as %j, and the answer selects %j', async (offered, goesOn, selected) => {
    const { proxy, handshakes } = await start()
    const socket = open(proxy, offered === '' ? [] : offered.split(/, ?/))
    expect(await outcome(socket)).toBe('open')
    expect(handshakes[0]?.headers['sec-websocket-protocol']).toBe(goesOn)
    expect(socket.protocol).toBe(selected ?? '')
  })
})

describe('a lone subprotocol', () => {
  it('is no credential on a path that is not the contract’s: it goes on', async () => {
    const scopes = ['interhumanai.stream']
    const { proxy, handshakes } = await start({}, { paths: ['/other'], scopes })
    const bytes = handshake(
      proxy,
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Protocol: v2',
    ).replace(PATH, '/other')
    const { responses } = await sendRaw(proxy.url, bytes, { count: 1 })
    expect(handshakes[0]?.headers['sec-websocket-protocol']).toBe('v2')
    expect(responses[0]?.headers['sec-websocket-protocol']).toBe('v2')
  })
})

function handshake(proxy: TestProxy, ...headers: string[]): string {
  const lines = [
    `GET /${SECRET}${PATH} HTTP/1.1`,
    `Host: ${proxy.host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
  ]
  return [...lines, 'Sec-WebSocket-Version: 13', ...headers, '', ''].join('\r\n')
}

describe('a handshake', () => {
  it.each([401, 403, 429, 500])(
    'that the API refuses with %i is refused with its very answer',
    async (status) => {
      const { proxy, handshakes } = await start({}, {}, (_request, socket) => {
        socket.end(
          `HTTP/1.1 ${status} No\r\nWWW-Authenticate: Bearer error="insufficient_scope"\r\nContent-Length: 2\r\n\r\nno`,
        )
        return true
      })
      const { responses } = await sendRaw(proxy.url, handshake(proxy))
      expect(responses[0]).toMatchObject({ statusLine: `HTTP/1.1 ${status} No`, body: 'no' })
      expect(handshakes).toHaveLength(1)
    },
  )

  it('whose token is called invalid is made again with another', async () => {
    const { proxy, handshakes } = await start({}, {}, ({ headers }, socket) => {
      if (headers.authorization === `Bearer ${TOKENS[1]}`) return false
      socket.end(
        'HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer error="invalid_token"\r\nContent-Length: 0\r\n\r\n',
      )
      return true
    })
    expect(await outcome(open(proxy))).toBe('open')
    expect(handshakes).toHaveLength(2)
    expect(proxy.dropped).toEqual([TOKENS[0]])
  })

  it('that the API takes for a plain request is answered plainly', async () => {
    const api = await startApi((_request, response) => response.end('plain'))
    const proxy = await startTestProxy(api.url)
    const { responses } = await sendRaw(proxy.url, handshake(proxy))
    expect(responses[0]).toMatchObject({ status: 200 })
    expect(responses[0]?.headers).not.toHaveProperty('upgrade')
  })

  it('whose answer words its status oddly opens, and the proxy lives', async () => {
    const { proxy } = await start({}, {}, (_request, socket) => {
      socket.write('HTTP/1.1 101 a\x01b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
      return true
    })
    const { responses } = await sendRaw(proxy.url, handshake(proxy), { count: 1 })
    expect(responses[0]?.statusLine).toBe('HTTP/1.1 101 Switching Protocols')
  })

  it('that the API is not there for is 502', async () => {
    const proxy = await startTestProxy('http://127.0.0.1:9')
    expect((await sendRaw(proxy.url, handshake(proxy))).responses[0]).toMatchObject({ status: 502 })
  })

  it.each(['WebSocket', 'WEBSOCKET'])('attack 47: that says %s is one as well', async (spelling) => {
    const { proxy, handshakes } = await start()
    const bytes = handshake(proxy, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==').replace(
      'websocket',
      spelling,
    )
    expect((await sendRaw(proxy.url, bytes, { count: 1 })).responses[0]).toMatchObject({ status: 101 })
    expect(handshakes).toHaveLength(1)
  })

  it('attack 44: without the secret, to a path that is not forwarded or by another method gets nowhere', async () => {
    const { proxy, handshakes } = await start()
    const good = handshake(proxy)
    for (const [bytes, status] of [
      [good.replace(SECRET, 'x'), 403],
      [good.replace(PATH, '/v0/auth'), 404],
      [good.replace('GET', 'TRACE'), 405],
      [good.replace('GET /', 'GET //'), 400],
    ] as const)
      expect((await sendRaw(proxy.url, bytes)).responses[0]).toMatchObject({ status })
    expect(handshakes).toEqual([])
    expect(proxy.asked).toEqual([])
  })

  it('from a page that was let in is let in, from another it is not', async () => {
    const { proxy } = await start({}, { origins: ['http://localhost:5173'] })
    expect(await outcome(open(proxy, [], { origin: 'http://localhost:5173' }))).toBe('open')
    expect(await outcome(open(proxy, [], { origin: 'https://evil.example' }))).toBe(403)
  })
})
