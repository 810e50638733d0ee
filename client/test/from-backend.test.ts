import { createServer, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  fromBackend,
  RefusalError,
  reuse,
  type TokenRequestInit,
  TransportError,
  UnexpectedResponseError,
} from '../src/index.ts'

const grant = {
  access_token: 'LEAK-client-token',
  token_type: 'Bearer',
  expires_in: 300,
  scope: 'interhumanai.stream',
  token_id: 'id',
  max_concurrent: 1,
}

async function serve(
  answer: (
    request: IncomingMessage,
    body: string,
  ) => { status?: number; headers?: Record<string, string>; body?: unknown },
) {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { status = 200, headers = {}, body: answered = grant } = answer(request, body)
    response
      .writeHead(status, headers)
      .end(typeof answered === 'string' ? answered : JSON.stringify(answered))
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/api/token`
}

describe('a source of a backend', () => {
  test('sends one POST with JSON, and reads the service’s answer that the backend hands on', async () => {
    const seen: unknown[] = []
    const url = await serve(({ method, url, headers }, body) => {
      seen.push([method, url, headers['content-type'], headers['x-app'], body])
      return {}
    })
    const token = await fromBackend(url).getToken()
    expect(token).toMatchObject({ scopes: ['interhumanai.stream'], expiresInSeconds: 300 })
    expect([token.value, JSON.parse(token.raw)]).toEqual(['LEAK-client-token', grant])
    const fetch = (to: string, init: TokenRequestInit) =>
      globalThis.fetch(to, { ...init, headers: { ...init.headers, 'X-App': '1' } })
    await fromBackend(url, { scopes: ['a', 'b'], fetch }).getToken()
    expect(seen).toEqual([
      ['POST', '/api/token', 'application/json', undefined, '{}'],
      ['POST', '/api/token', 'application/json', '1', '{"scopes":["a","b"]}'],
    ])
  })

  test('says nothing of credentials: those of the page’s own origin go along by the Fetch standard', async () => {
    let seen: TokenRequestInit | undefined
    const fetch = async (_: string, init: TokenRequestInit) => {
      seen = init
      return new Response(JSON.stringify(grant))
    }
    await fromBackend('https://app.example/token', { fetch }).getToken()
    expect(seen).toMatchObject({ method: 'POST', redirect: 'manual' })
    expect(Object.keys(seen ?? {})).not.toContain('credentials')
  })

  test('gives the refusals of the service and of the app as typed errors', async () => {
    const refused = await serve(() => ({ status: 403, body: { error_id: 'ih2003', message: 'x' } }))
    await expect(fromBackend(refused).getToken()).rejects.toBeInstanceOf(RefusalError)
    const signedOut = await serve(() => ({ status: 401, body: '<html>sign in</html>' }))
    const fault = await fromBackend(signedOut)
      .getToken()
      .catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(UnexpectedResponseError)
    expect(fault).toMatchObject({ status: 401, retryable: false })
  })

  test('follows no redirect, to a sign-in page for instance', async () => {
    const seen: string[] = []
    const elsewhere = await serve(({ url = '' }) => {
      seen.push(url)
      return {}
    })
    const url = await serve(() => ({ status: 302, headers: { Location: elsewhere } }))
    await expect(fromBackend(url).getToken()).rejects.toMatchObject({ code: 'redirect' })
    expect(seen).toEqual([])
  })

  test('ends with its caller’s signal, and when its time is over', async () => {
    const fetch = (_: string, { signal }: TokenRequestInit) =>
      new Promise<Response>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const source = fromBackend('https://app.example/token', { fetch, timeoutMs: 30 })
    await expect(source.getToken()).rejects.toMatchObject({ code: 'timeout' })
    const controller = new AbortController()
    const asked = source.getToken({ signal: controller.signal })
    controller.abort('gone')
    await expect(asked).rejects.toBe('gone')
  })

  test('is reused by itself: two of one address may have two users, and share nothing', async () => {
    let calls = 0
    const fetch = async () => new Response(JSON.stringify({ ...grant, access_token: `t${++calls}` }))
    const sources = [1, 2].map(() => fromBackend('https://app.example/token', { fetch }))
    const values = await Promise.all(sources.map(async (source) => (await reuse(source).getToken()).value))
    expect(values).toEqual(['t1', 't2'])
  })
})

describe('the address', () => {
  afterEach(() => vi.unstubAllGlobals())
  const targets: string[] = []
  const fetch = async (url: string) => {
    targets.push(url)
    return new Response(JSON.stringify(grant))
  }
  const targetOf = async (url: string) => {
    await fromBackend(url, { fetch }).getToken()
    return targets.at(-1)
  }

  test('may be relative to the page, whatever the page came by', async () => {
    vi.stubGlobal('location', new URL('http://192.168.0.5:3000/app/page?x'))
    expect(await targetOf('/api/token')).toBe('http://192.168.0.5:3000/api/token')
    expect(await targetOf('token')).toBe('http://192.168.0.5:3000/app/token')
    expect(await targetOf('https://other.example/token?a=1')).toBe('https://other.example/token?a=1')
    await expect(targetOf('//192.168.0.6/token')).rejects.toMatchObject({ code: 'insecure_url' })
  })

  test('is https or this machine where there is no page, and is read only when it is used', async () => {
    expect(await targetOf('http://localhost:3000/token')).toBe('http://localhost:3000/token')
    await expect(targetOf('http://app.example/token')).rejects.toBeInstanceOf(TransportError)
    const source = fromBackend('/api/LEAK', { fetch })
    const fault = await source.getToken().catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(TypeError)
    expect(String(fault)).not.toContain('LEAK')
  })
})
