import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { type ProtectedHandler, protectHandler } from '../../src/adapters/node-http.ts'
import type { Denied } from '../../src/denial.ts'
import { createGuard } from '../../src/protect.ts'
import { claims, compact, es256, ISSUER, NOW, sourceOf } from '../support/signing.ts'
import { type RunningServer, startServer } from '../support/start-server.ts'

const key = es256()
const token = compact(key)
const protect = createGuard({ issuer: ISSUER, keys: sourceOf(key), now: () => NOW * 1000 })
const MEGABYTE = Buffer.alloc(1024 * 1024, 'x')

const running: RunningServer[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

async function start(handler: ProtectedHandler = (_request, response) => void response.end('ok')) {
  const denials: Denied[] = []
  const listener = protectHandler({
    protect,
    scope: UPLOAD_SCOPE,
    handler,
    onDenied: (denied) => denials.push(denied),
  })
  const server = await startServer(listener)
  running.push(server)
  return { ...server, denials }
}

/** What a raw connection gives until the server closes it. */
async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

async function readUntil(socket: Socket, end: string): Promise<string> {
  let text = ''
  for await (const chunk of socket) {
    text += chunk
    if (text.endsWith(end)) break
  }
  return text
}

describe('a granted request', () => {
  it('reaches the handler with the claims and its whole body', async () => {
    const { url } = await start(async (request, response, granted) => {
      let size = 0
      for await (const chunk of request) size += chunk.length
      response.end(JSON.stringify({ size, granted }))
    })
    const body = Buffer.concat([MEGABYTE, MEGABYTE])
    const response = await fetch(url, { method: 'POST', body, headers: { Authorization: `Bearer ${token}` } })
    expect(await response.json()).toEqual({ size: body.length, granted: claims() })
  })

  it('has its body left alone until the decision is there', async () => {
    let flowing: boolean | null = true
    const { url } = await start((request, response) => {
      flowing = request.readableFlowing
      response.end()
    })
    await fetch(url, { method: 'POST', body: 'x', headers: { Authorization: `Bearer ${token}` } })
    expect(flowing).toBe(null)
  })
})

describe('a denied request', () => {
  it('does not reach the handler, is answered in full and told to the operator', async () => {
    let reached = false
    const { url, denials } = await start(() => {
      reached = true
    })
    const response = await fetch(`${url}/v0/upload/analyze`)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const body = await response.json()
    expect(body).toMatchObject({ error_id: 'ih2002', status_code: 401 })
    expect(body.correlation_id).toBe(response.headers.get('x-correlation-id'))
    expect(denials).toMatchObject([{ reason: 'credential_absent', correlationId: body.correlation_id }])
    expect(reached).toBe(false)
  })

  it('is answered even where the log of it fails', async () => {
    const listener = protectHandler({
      protect,
      scope: UPLOAD_SCOPE,
      handler: (_request, response) => void response.end('ok'),
      onDenied() {
        throw new Error('the disk is full')
      },
    })
    let fault: unknown
    const server = await startServer((request, response) => {
      listener(request, response).catch((error: unknown) => {
        fault = error
      })
    })
    running.push(server)
    expect((await fetch(server.url)).status).toBe(401)
    expect(fault).toEqual(new Error('the disk is full'))
  })

  it('that sends two Authorization headers is denied, though Node shows the first alone', async () => {
    const { port, denials } = await start()
    const socket = connect(port, '127.0.0.1')
    const header = `Authorization: Bearer ${token}\r\n`
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${header}${header}Connection: close\r\n\r\n`)
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 401 /)
    expect(denials).toMatchObject([{ reason: 'credential_malformed' }])
  })

  it('without a body keeps its connection', async () => {
    const { port } = await start()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const get = (headers: Record<string, string>) =>
      new Promise<[number | undefined, number | undefined]>((resolve, reject) => {
        const sent = httpRequest({ port, host: '127.0.0.1', agent, headers }, (response: IncomingMessage) => {
          const { statusCode, socket } = response
          const localPort = socket.localPort
          response.resume().once('end', () => resolve([statusCode, localPort]))
        })
        sent.once('error', reject).end()
      })
    const [denied, first] = await get({})
    const [granted, second] = await get({ Authorization: `Bearer ${token}` })
    expect([denied, granted]).toEqual([401, 200])
    expect(second).toBe(first)
    agent.destroy()
  })

  it('with HEAD has the headers and no body', async () => {
    const { port } = await start()
    const socket = connect(port, '127.0.0.1')
    socket.write('HEAD /v0/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    const text = await readAll(socket)
    expect(text).toMatch(/^HTTP\/1.1 401 [\s\S]*Content-Length: [1-9]/)
    expect(text.endsWith('\r\n\r\n')).toBe(true)
  })

  it('that asks for an upgrade which nobody listens to is denied like any other', async () => {
    const { port } = await start()
    const socket = connect(port, '127.0.0.1')
    socket.write(
      'GET /v0/stream/analyze HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    expect(await readUntil(socket, '}')).toMatch(/^HTTP\/1.1 401 /)
    socket.destroy()
  })
})

describe('a denied upload', () => {
  const head = (more: string) => `POST /v0/upload/analyze HTTP/1.1\r\nHost: x\r\n${more}\r\n\r\n`

  it('of 32 MB is answered while it comes, the answer is not lost, and the connection closes', async () => {
    const { port } = await start()
    const socket = connect(port, '127.0.0.1')
    const answer = readAll(socket)
    socket.write(head(`Content-Length: ${32 * MEGABYTE.length}`))
    const sendOne = () => new Promise((resolve) => socket.write(MEGABYTE, resolve))
    for (let i = 0; i < 32 && socket.writable; i++) await sendOne()
    const text = await answer
    expect(text).toMatch(/^HTTP\/1.1 401 [\s\S]*Connection: close\r\n[\s\S]*"error_id":"ih2002"/)
    expect(text.endsWith('}')).toBe(true)
  })

  it('in chunks is answered before its end', async () => {
    const { port } = await start()
    const socket = connect(port, '127.0.0.1')
    socket.write(head('Transfer-Encoding: chunked'))
    socket.write('5\r\nhello\r\n')
    const text = await readUntil(socket, '}')
    expect(text).toMatch(/^HTTP\/1.1 401 [\s\S]*Connection: close\r\n/)
    socket.destroy()
  })

  it('that stops in the middle is answered, and its connection does not stay open', async () => {
    const { port } = await start()
    const socket = connect(port, '127.0.0.1')
    socket.write(head(`Content-Length: ${MEGABYTE.length}`))
    socket.write('x')
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 401 /)
  })

  it('whose client hangs up leaves the server well', async () => {
    const { port, url } = await start()
    for (let i = 0; i < 20; i++) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(head(`Content-Length: ${MEGABYTE.length}`))
      await new Promise((resolve) => socket.write('x', resolve))
      if (i % 2) await new Promise((resolve) => socket.once('data', resolve))
      socket.destroy()
    }
    const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
    expect(await response.text()).toBe('ok')
  })

  it('with fetch gives the answer and not a network error', async () => {
    const { url } = await start()
    const response = await fetch(url, { method: 'POST', body: Buffer.concat(Array(8).fill(MEGABYTE)) })
    expect(response.status).toBe(401)
    expect(await response.json()).toHaveProperty('error_id', 'ih2002')
  })
})
