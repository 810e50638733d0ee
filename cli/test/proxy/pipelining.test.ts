import { describe, expect, it } from 'vitest'
import { openSocket, readExchange, sendRaw } from '../../../test/support/raw-http.ts'
import { waitUntil } from '../../../test/support/start-service.ts'
import { SECRET, startApi, startTestProxy, type TestProxy } from '../support/start-proxy.ts'

const UPLOAD = `/${SECRET}/v0/upload/analyze`
const H2C = ['Upgrade: h2c', 'Connection: Upgrade']
const WEBSOCKET = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13']

function get(proxy: TestProxy, query: string | number, headers: readonly string[] = []): string {
  return [`GET ${UPLOAD}?${query} HTTP/1.1`, `Host: ${proxy.host}`, ...headers, '', ''].join('\r\n')
}

function statuses(responses: readonly { readonly status: number }[]): number[] {
  return responses.map(({ status }) => status)
}

/** An API that says which query it was asked, a moment later. */
function startEcho() {
  return startApi((request, response) => {
    const body = request.url?.split('?')[1] ?? ''
    setTimeout(() => response.setHeader('Content-Length', body.length).end(body), 5)
  })
}

async function areEventually(proxy: TestProxy, count: number): Promise<void> {
  await waitUntil(
    () => proxy.events.length === count,
    () => `${proxy.events.length} of ${count} exchanges have ended`,
  )
}

describe('a row of requests over one connection', () => {
  it('that each offer HTTP/2 are answered one by one, in their order, with no warning', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const proxy = await startTestProxy((await startEcho()).url)
    const queries = Array.from({ length: 20 }, (_, index) => `${index}`)
    const bytes = queries.map((query) => get(proxy, query, H2C)).join('')
    const { responses } = await sendRaw(proxy.url, bytes, { count: 20 })
    process.off('warning', onWarning)
    expect(responses.map(({ body }) => body)).toEqual(queries)
    await areEventually(proxy, 20)
    expect(warnings).toEqual([])
  })

  it('may mix those that offer HTTP/2 with those that do not', async () => {
    const proxy = await startTestProxy((await startEcho()).url)
    const bytes = [get(proxy, 'a'), get(proxy, 'b'), get(proxy, 'c', H2C), get(proxy, 'd')].join('')
    const { responses } = await sendRaw(proxy.url, bytes, { count: 4 })
    expect(responses.map(({ body }) => body)).toEqual(['a', 'b', 'c', 'd'])
  })

  it.each([
    ['all of them', [[], [], []], 3],
    ['the one that is being answered, where they offer HTTP/2', [H2C, H2C, H2C], 1],
    ['those before one that offers HTTP/2', [[], [], H2C], 2],
    ['those before a handshake', [[], [], WEBSOCKET], 2],
  ])('is over when its client leaves: %s', async (_case, row, count) => {
    let arrived = 0
    const api = await startApi(() => {
      arrived += 1
    })
    const proxy = await startTestProxy(api.url)
    const socket = openSocket(proxy.url)
    socket.write(row.map((headers) => get(proxy, 1, headers)).join(''))
    await waitUntil(
      () => arrived === count,
      () => `${arrived} arrived`,
    )
    socket.resetAndDestroy()
    await areEventually(proxy, count)
  })

  it('may end in a handshake, which waits for the answers before it', async () => {
    const api = await startEcho()
    api.server.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n')
    })
    const proxy = await startTestProxy(api.url)
    const bytes = get(proxy, 'a') + get(proxy, 'b') + get(proxy, 'c', WEBSOCKET)
    const { responses } = await sendRaw(proxy.url, bytes)
    expect(statuses(responses)).toEqual([200, 200, 403])
  })

  it('ends with the one that asks to, whatever comes behind it', async () => {
    const proxy = await startTestProxy((await startEcho()).url)
    const socket = openSocket(proxy.url)
    socket.write(get(proxy, 'a', ['Connection: close']) + get(proxy, 'b', H2C) + get(proxy, 'c', WEBSOCKET))
    const { responses, error } = await readExchange(socket)
    expect([statuses(responses), error]).toEqual([[200], undefined])
  })
})
