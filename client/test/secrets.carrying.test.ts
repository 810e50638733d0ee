import { createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket as WsWebSocket } from 'ws'
import { type GuardedStream, startGuardedStream } from '../../test/support/start-guarded-stream.ts'
import { AccessToken, createFetch, RefusalError, type TokenSource } from '../src/index.ts'
import { openWebSocket } from '../src/websocket/index.ts'
import { INVALID_TOKEN, startApi } from './support/bearer-api.ts'
import { everythingOf } from './support/everything-of.ts'
import { refusalOf } from './support/source-in-hand.ts'

// Nor does anything show a token that comes of carrying it: a fetch, its faults, an open socket, a refused one.

/** The token is a real one of the guard's, which cannot hold a word of ours. */
let token: string
let stream: GuardedStream
beforeEach(async () => {
  stream = await startGuardedStream()
  token = stream.issue()
})
afterEach(() => stream.close())

const sourceOf = (value: string): TokenSource => ({
  getToken: async () =>
    new AccessToken({
      value,
      raw: `{"access_token":"${value}"}`,
      scopes: [],
      expiresInSeconds: 900,
      expiresAt: 0,
    }),
})
const clean = (made: unknown) => {
  const shown = everythingOf(made)
  for (const secret of [token, token.slice(-43), 'LEAK']) expect(shown).not.toContain(secret)
}
const faultOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (fault: unknown) => fault,
  )

test('the search finds a token that is shown', () => {
  expect(everythingOf({ socket: { protocol: token } })).toContain(token)
})

describe('a fetch that carries a token', () => {
  test('shows it neither itself, nor in what it answers', async () => {
    const api = await startApi()
    const fetchWithToken = createFetch(sourceOf(token), { origins: [api.origin] })
    const response = await fetchWithToken(api.origin)
    expect(api.seen[0]?.headers.authorization).toBe(`Bearer ${token}`)
    for (const made of [fetchWithToken, response, response.headers]) clean(made)
  })

  test('nor in what it rejects with', async () => {
    const [api, gone] = [await startApi(() => INVALID_TOKEN), await startApi()]
    await gone.close()
    const attempt = (value: string, ...[url, init]: [string, RequestInit?]) =>
      faultOf(createFetch(sourceOf(value), { origins: [api.origin, gone.origin] })(url, init))
    const odd = 'LEAK\n\u0000é'
    const faults = [
      await attempt(token, gone.origin),
      await attempt(odd, gone.origin),
      await attempt(token, api.origin, { headers: { bad: '\u0000' } }),
      await attempt(token, api.origin, { body: 'a body' }),
      await attempt(token, api.origin, { signal: AbortSignal.abort() }),
      await attempt(
        token,
        api.origin,
        new Request(api.origin, { redirect: 'error', signal: AbortSignal.abort() }),
      ),
      await attempt(token, api.origin, Object.create({ mode: 'nonsense' })),
    ]
    for (const fault of faults) clean(fault)
  })

  test('nor where the source refuses it after a 401', async () => {
    const api = await startApi(() => INVALID_TOKEN)
    let asked = 0
    const source: TokenSource = {
      getToken: () => (asked++ === 0 ? sourceOf(token).getToken() : Promise.reject(refusalOf(401))),
    }
    const fault = await faultOf(createFetch(source, { origins: [api.origin] })(api.origin))
    expect(fault).toBeInstanceOf(RefusalError)
    clean(fault)
  })
})

const kinds = [
  ['Node’s own', {}],
  ['ws', { WebSocket: WsWebSocket as never }],
] as const
// Of the third dialect the token is the socket's own subprotocol: the platform shows it, and the documents say so.
const dialects = ['header', 'subprotocol-pair'] as const
const ways = kinds.flatMap(([kind, options]) =>
  dialects.map((dialect) => [kind, dialect, { ...options, dialect }] as const),
)

describe.each(ways)('a WebSocket: %s, %s', (_, __, options) => {
  const open = (value = token, url = stream.url) => openWebSocket(sourceOf(value), url, options)

  test('open it shows no token, nor when it has ended', async () => {
    const opened = await open()
    for (const made of [opened, opened.socket, opened.closed]) clean(made)
    ;(opened.socket as WebSocket).close()
    const end = await opened.closed
    for (const made of [opened, opened.socket, end]) clean(made)
  })

  test('nor in how it ended, where it was refused', async () => {
    stream.behaviour.onOpen = (socket) => {
      socket.send('{"type":"error","data":{"code":"ih1003","message":"x"}}')
      socket.close(1013)
    }
    const opened = await open()
    const { refusal } = await opened.closed
    expect(refusal?.status).toBe(503)
    for (const made of [opened, refusal]) clean(made)
  })

  test('nor in what it rejects with', async () => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as { port: number }
    await new Promise((resolve) => closed.close(resolve))
    const faults = [await faultOf(open('LEAK')), await faultOf(open('LEAK LEAK/é'))]
    faults.push(await faultOf(open(token, `ws://127.0.0.1:${port}`)))
    for (const status of [403, 503, 307]) {
      const lines = [`HTTP/1.1 ${status} No`, `X-Echo: ${token}`, `Location: /${token}`, 'Connection: close']
      stream.behaviour.answer = () =>
        `${lines.join('\r\n')}\r\n\r\n{"error_id":"ih3001","message":"${token}"}`
      faults.push(await faultOf(open()))
    }
    for (const fault of faults) clean(fault)
  })
})
