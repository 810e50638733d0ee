import { getEventListeners } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { inspect } from 'node:util'
import { STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket as WsWebSocket } from 'ws'
import { type GuardedStream, startGuardedStream } from '../../../test/support/start-guarded-stream.ts'
import { AccessToken, RefusalError, reuse, type TokenSource } from '../../src/index.ts'
import { type OpenWebSocket, type OpenWebSocketOptions, openWebSocket } from '../../src/websocket/index.ts'
import { clockInHand, refusalOf } from '../support/source-in-hand.ts'

const LONG_AGO = 1_700_000_000

let stream: GuardedStream
const forgotten: unknown[] = []
const remember = (reason: unknown) => forgotten.push(reason)
beforeEach(async () => {
  process.on('unhandledRejection', remember).on('uncaughtException', remember)
  stream = await startGuardedStream()
})
afterEach(async () => {
  await stream.close()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', remember).off('uncaughtException', remember)
  expect(forgotten.splice(0)).toEqual([])
})

/** A source of tokens with these values, and then no more. */
function sourceOf(...values: string[]): TokenSource & { asked: number } {
  return {
    asked: 0,
    async getToken() {
      const value = values[this.asked++] ?? 'LEAK-none-left'
      return new AccessToken({ value, raw: '', scopes: [STREAM_SCOPE], expiresInSeconds: 900, expiresAt: 0 })
    },
  }
}

type AnySocket = WebSocket | WsWebSocket
const kinds: [string, OpenWebSocketOptions<AnySocket>][] = [
  ['Node’s own', {}],
  ['ws', { WebSocket: WsWebSocket as never }],
]

describe.each(kinds)('%s', (kind, options) => {
  const open = (source: TokenSource, changes: OpenWebSocketOptions<AnySocket> = {}, url = stream.url) =>
    openWebSocket(source, url, { ...options, ...changes })
  const finish = async ({ socket, closed }: OpenWebSocket<AnySocket>) => {
    socket.close()
    return closed
  }

  test.each([
    [undefined, (token: string) => [`Bearer ${token}`, undefined]],
    ['header', (token: string) => [`Bearer ${token}`, undefined]],
    ['subprotocol-pair', (token: string) => [undefined, `access_token,${token}`]],
    ['lone-subprotocol', (token: string) => [undefined, token]],
  ] as const)('carries the token in the dialect %s, never in the URL', async (dialect, carried) => {
    const token = stream.issue()
    const opened = await open(sourceOf(token), { dialect }, `${stream.url}?segment=1`)
    expect(opened.socket.readyState).toBe(1)
    const [seen, ...rest] = stream.handshakes
    expect([seen?.authorization, seen?.subprotocols?.replace(', ', ',')]).toEqual(carried(token))
    expect(seen?.url).toBe('/v1/stream/analyze?segment=1')
    expect(rest).toEqual([])
    expect(await finish(opened)).toEqual({ code: 1005, reason: '', refusal: undefined })
  })

  test('misses and reorders nothing that comes with the handshake’s answer', async () => {
    const sent = Array.from({ length: 20 }, (_, index) => `message ${index}`)
    stream.behaviour.onOpen = (socket) => {
      for (const text of sent) socket.send(text)
      socket.close(4000, 'done')
    }
    const { socket, closed } = await (async () => await open(sourceOf(stream.issue())))()
    const got: unknown[] = []
    const listenable = socket as WebSocket
    listenable.addEventListener('message', ({ data }) => got.push(data))
    listenable.addEventListener('close', ({ code }) => got.push(code))
    expect(await closed).toEqual({ code: 4000, reason: 'done', refusal: undefined })
    await new Promise((resolve) => setTimeout(resolve))
    expect(got).toEqual([...sent, 4000])
  })

  // Node's own sends a handshake a second time after a 401, so the tokens are counted.
  const tokensSent = () => new Set(stream.handshakes.map(({ authorization }) => authorization)).size

  test('a 401 at the handshake drops the token and tries once more with a new one', async () => {
    const source = sourceOf(stream.issue(STREAM_SCOPE, LONG_AGO), stream.issue())
    const opened = await open(reuse(source))
    expect([tokensSent(), source.asked]).toEqual([2, 2])
    await finish(opened)
  })

  test('a 401 twice is a RefusalError with the service’s id, and no third token is sent', async () => {
    const old = () => stream.issue(STREAM_SCOPE, LONG_AGO)
    const source = sourceOf(old(), old(), old())
    await expect(open(reuse(source))).rejects.toMatchObject({
      name: 'RefusalError',
      code: 'unauthorized',
      status: 401,
      errorId: 'ih2001',
      correlationId: expect.stringMatching(/^[\da-f-]{36}$/),
    })
    expect([tokensSent(), source.asked]).toEqual([2, 2])
  })

  test('a 401 on a token that the source gives again is not tried again', async () => {
    const token = stream.issue(STREAM_SCOPE, LONG_AGO)
    const source = sourceOf(token, token, stream.issue())
    await expect(open(source)).rejects.toMatchObject({ status: 401 })
    expect([tokensSent(), source.asked]).toEqual([1, 2])
  })

  test.each([403, 429, 503])(
    'a %i at the handshake is a RefusalError, and is not tried again',
    async (status) => {
      const body = '{"error_id":"ih3001","message":"x"}'
      const answer = `HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\nRetry-After: 7\r\nConnection: close\r\n\r\n${body}`
      stream.behaviour.answer = () => answer
      const source = sourceOf(stream.issue(), stream.issue())
      if (kind === 'ws')
        await expect(open(source)).rejects.toMatchObject({
          name: 'RefusalError',
          status,
          retryAfterSeconds: 7,
        })
      else
        await expect(open(source)).rejects.toMatchObject({
          code: 'network',
          systemCode: 'CLOSE_1006',
          message: expect.stringContaining('check the address, and that the token lives'),
        })
      expect(source.asked).toBe(1)
    },
  )

  test('a lacking scope, told and closed with 4003, is a RefusalError at the end', async () => {
    const opened = await open(sourceOf(stream.issue(UPLOAD_SCOPE)))
    const got: unknown[] = []
    ;(opened.socket as WebSocket).addEventListener('message', ({ data }) => got.push(data))
    const { code, refusal } = await opened.closed
    expect(code).toBe(4003)
    expect(refusal).toMatchObject({ code: 'forbidden', status: 403, errorId: 'ih2003', retryable: false })
    expect(got).toEqual([refusal?.rawBody])
  })

  test.each([
    ['told', '{"type":"error","data":{"code":"ih1003","message":"x"}}', 'ih1003'],
    ['without a word', undefined, undefined],
  ])(
    'a service that has no room, %s, and closed with 1013, is a RefusalError at the end',
    async (_, told, errorId) => {
      stream.behaviour.onOpen = (socket) => {
        if (told !== undefined) socket.send(told)
        socket.close(1013)
      }
      const source = sourceOf(stream.issue(), stream.issue())
      const reused = reuse(source)
      const { code, refusal } = await (await open(reused)).closed
      expect(code).toBe(1013)
      expect(refusal).toBeInstanceOf(RefusalError)
      expect(refusal).toMatchObject({ code: 'server_error', status: 503, errorId, retryable: true })
      expect(refusal?.rawBody).toBe(told ?? '')
      // The token is not at fault.
      await (await open(reused)).closed
      expect(source.asked).toBe(1)
    },
  )

  test('a redirect is not followed', async () => {
    const elsewhere = await startGuardedStream()
    stream.behaviour.answer = () =>
      `HTTP/1.1 307 Moved\r\nLocation: ${elsewhere.url}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
    await expect(open(sourceOf(stream.issue()))).rejects.toMatchObject({ name: 'TransportError' })
    expect([elsewhere.handshakes, elsewhere.requests]).toEqual([[], []])
    await elsewhere.close()
  })

  test('nobody there is a TransportError that says so', async () => {
    const gone = await startGuardedStream()
    await gone.close()
    await expect(open(sourceOf(stream.issue()), {}, gone.url)).rejects.toMatchObject({
      name: 'TransportError',
      code: 'network',
      systemCode: 'ECONNREFUSED',
      retryable: true,
    })
  })

  test('a server that accepts and never answers is a time-out', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const connected = new Promise<{ destroy(): void }>((resolve) => silent.once('connection', resolve))
    const opening = open(sourceOf(stream.issue()), { timeoutMs: 200 }, url)
    await expect(opening).rejects.toMatchObject({ name: 'TransportError', code: 'timeout' })
    ;(await connected).destroy()
    await new Promise((resolve) => silent.close(resolve))
  })

  test('the caller’s abort ends the handshake, and leaves no listener', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const connected = new Promise<{ destroy(): void }>((resolve) => silent.once('connection', resolve))
    const controller = new AbortController()
    const reason = new Error('enough')
    const opening = open(sourceOf(stream.issue()), { signal: controller.signal }, url)
    const connection = await connected
    controller.abort(reason)
    await expect(opening).rejects.toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    connection.destroy()
    await new Promise((resolve) => silent.close(resolve))
  })

  test('the caller’s abort ends the wait for a token, and no longer an open socket', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const never: TokenSource = { getToken: () => new Promise(() => {}) }
    const waiting = open(never, { signal })
    const opened = await open(sourceOf(stream.issue()), { signal })
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    expect(opened.socket.readyState).toBe(1)
    expect(stream.handshakes).toHaveLength(1)
    await finish(opened)
  })

  test('is asked for a token at each attempt, and a stream that ended for its token brings a new one', async () => {
    stream.behaviour.onOpen = (socket) => {
      socket.send('{"type":"error","data":{"code":"ih2014","message":"x"}}')
      socket.close(4003)
    }
    const source = sourceOf(stream.issue(), stream.issue())
    const reused = reuse(source)
    const { refusal } = await (await open(reused)).closed
    expect(refusal).toMatchObject({ code: 'unauthorized', status: 401, errorId: 'ih2014' })
    const { closed } = await open(reused)
    await closed
    const [first, second] = stream.handshakes
    expect(first?.authorization).not.toBe(second?.authorization)
  })

  test('what it throws shows no token', async () => {
    const faults: unknown[] = []
    const bad = new AccessToken({
      value: 'LEAK LEAK/é',
      raw: '',
      scopes: [],
      expiresInSeconds: 9,
      expiresAt: 0,
    })
    for (const dialect of ['header', 'subprotocol-pair', 'lone-subprotocol', 'LEAK' as never] as const)
      await open({ getToken: async () => bad }, { dialect }).catch((fault) => faults.push(fault))
    await open(sourceOf('LEAK')).catch((fault) => faults.push(fault))
    expect(faults).toHaveLength(5)
    for (const fault of faults) expect(inspect(fault, { depth: 10, showHidden: true })).not.toContain('LEAK')
  })
})

describe('the address', () => {
  const refused = async (url: string, options = {}) => {
    const source = sourceOf()
    const fault = await openWebSocket(source, url, options).catch((error: unknown) => error)
    expect(source.asked).toBe(0)
    return fault
  }
  test.each([
    'https://api.interhuman.ai/v1/stream/analyze',
    'wss://user:LEAK@api.interhuman.ai/',
    'wss://LEAK@api.interhuman.ai/',
    'wss://api.interhuman.ai/#LEAK',
    '/v1/stream/analyze',
    'LEAK',
  ])('%j is a TypeError that does not repeat it', async (url) => {
    const fault = await refused(url)
    expect(fault).toBeInstanceOf(TypeError)
    expect(inspect(fault)).not.toContain('LEAK')
  })

  test.each(['ws://api.interhuman.ai/', 'ws://192.168.0.1/', 'ws://localhost.evil.example/'])(
    '%j: a token goes to another machine by wss only',
    async (url) => {
      expect(await refused(url)).toMatchObject({ code: 'insecure_url' })
    },
  )

  test('a time-out that is none, or a signal that is aborted, asks for no token', async () => {
    expect(await refused('wss://api.interhuman.ai/', { timeoutMs: 0 })).toBeInstanceOf(TypeError)
    const signal = AbortSignal.abort()
    expect(await refused('wss://api.interhuman.ai/', { signal })).toMatchObject({ name: 'AbortError' })
  })
})

test('what the source throws is what it rejects with', async () => {
  const refusal = refusalOf(401)
  const source = { getToken: () => Promise.reject(refusal) }
  await expect(openWebSocket(source, stream.url)).rejects.toBe(refusal)
})

test('a token that has less left than asked is replaced before the handshake', async () => {
  const clock = clockInHand()
  const source = sourceOf(stream.issue(), stream.issue(), stream.issue())
  const reused = reuse(source, { clock, random: () => 0.999 })
  const open = async (minValiditySeconds?: number) => {
    const { socket, closed } = await openWebSocket(reused, stream.url, { minValiditySeconds })
    socket.close()
    await closed
    return source.asked
  }
  expect(await open()).toBe(1)
  clock.pass(800)
  expect(await open()).toBe(1)
  expect(await open(101)).toBe(2)
  clock.pass(875)
  expect(await open()).toBe(3)
})

test('sockets of one source share a token, as long as it lives', async () => {
  const source = sourceOf(stream.issue(), stream.issue())
  const opened = await Promise.all([openWebSocket(source, stream.url), openWebSocket(source, stream.url)])
  for (const { socket } of opened) socket.close()
  await Promise.all(opened.map(({ closed }) => closed))
  expect(source.asked).toBe(1)
})
