import { spawn } from 'node:child_process'
import { createServer, type RequestListener } from 'node:http'
import { inspect } from 'node:util'
import { formatTokenRequest } from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  allowSecretInBrowser,
  type RequestTokenParameters,
  requestToken,
  type TokenRequestInit,
  TransportError,
} from '../src/index.ts'

const key = { keyId: 'ihk_LEAKid', keySecret: 'LEAKsecret', scopes: ['interhumanai.upload'] }

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

/** Everything that a log could make of an error. */
function everythingOf(fault: unknown): string {
  const seen = [inspect(fault, { depth: Infinity, showHidden: true }), String(fault), JSON.stringify(fault)]
  if (fault instanceof Error)
    seen.push(fault.message, fault.stack ?? '', inspect(fault.cause), inspect({ ...fault }))
  return seen.join('\n')
}

async function faultOf(parameters: RequestTokenParameters): Promise<unknown> {
  const fault = await requestToken(parameters).then(
    () => expect.unreachable(),
    (reason: unknown) => reason,
  )
  expect(everythingOf(fault)).not.toContain('LEAK')
  return fault
}

describe('the request', () => {
  test('is one POST of the contract’s body to the version’s endpoint, without any other header of ours', async () => {
    const calls: [string, TokenRequestInit][] = []
    const fetch = async (url: string, init: TokenRequestInit) => {
      calls.push([url, init])
      return { status: 200 }
    }
    await requestToken({ ...key, fetch })
    await requestToken({ ...key, fetch, apiVersion: 'v1', apiUrl: 'http://localhost:1/below/' })
    expect(calls.map(([url]) => url)).toEqual([
      'https://api.interhuman.ai/v0/auth',
      'http://localhost:1/below/v1/auth',
    ])
    const [, init] = calls[0] ?? []
    expect({ ...init, signal: undefined }).toEqual({
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Accept-Encoding': 'identity' },
      body: JSON.stringify(formatTokenRequest(key)),
      redirect: 'manual',
      signal: undefined,
    })
  })

  test('carries any id, secret and scopes, in the caller’s order', async () => {
    const text = fc.string({ minLength: 1, unit: 'binary' })
    await fc.assert(
      fc.asyncProperty(text, text, fc.array(text, { minLength: 1 }), async (keyId, keySecret, scopes) => {
        let body = ''
        const fetch = async (_: string, init: TokenRequestInit) => {
          body = init.body
          return { status: 200 }
        }
        await requestToken({ keyId, keySecret, scopes, fetch })
        expect(JSON.parse(body)).toEqual({ key_id: keyId, key_secret: keySecret, scopes })
      }),
      { numRuns: 100 },
    )
  })
})

describe('the response', () => {
  test('is the very object that fetch gave, whatever its status, not read', async () => {
    const statuses = fc
      .integer({ min: 200, max: 599 })
      .filter((status) => ![301, 302, 303, 307, 308].includes(status))
    await fc.assert(
      fc.asyncProperty(statuses, fc.uint8Array({ maxLength: 200 }), async (status, bytes) => {
        const response = new Response([204, 205, 304].includes(status) ? null : bytes, { status })
        expect(await requestToken({ ...key, fetch: async () => response })).toBe(response)
        expect(response.bodyUsed).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('of a real fetch over a real socket is whole', async () => {
    const body = Buffer.from('\uFEFF{"a":1}\r\n')
    const apiUrl = await serve((_, response) => response.writeHead(403).end(body))
    const response: Response = await requestToken({ ...key, apiUrl })
    expect(response.status).toBe(403)
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true)
  })

  test('is not waited for: the headers are enough', async () => {
    const apiUrl = await serve((_, response) => response.writeHead(200).write('{'))
    expect((await requestToken({ ...key, apiUrl })).status).toBe(200)
  })
})

describe('a caller’s mistake is a TypeError, and nothing is sent', () => {
  const mistakes: [string, object][] = [
    ['keyId', { keyId: '' }],
    ['keyId', { keyId: { LEAK: 1 } }],
    ['keySecret', { keySecret: '' }],
    ['keySecret', { keySecret: undefined }],
    ['scopes', { scopes: [] }],
    ['scopes', { scopes: 'LEAK' }],
    ['scopes', { scopes: ['LEAK', ''] }],
    ['scopes', { scopes: [['LEAK']] }],
    ['apiVersion', { apiVersion: 'LEAK' }],
    ['apiVersion', { apiVersion: '__proto__' }],
    ['apiUrl', { apiUrl: 'LEAK' }],
    ['apiUrl', { apiUrl: 'https://user:LEAK@example.com' }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: -1 }],
    ['timeoutMs', { timeoutMs: Number.NaN }],
    ['timeoutMs', { timeoutMs: 2 ** 31 }],
  ]
  test.each(mistakes)('%s: %j', async (name, mistake) => {
    const fetch = () => expect.unreachable()
    const fault = await faultOf({ ...key, fetch, ...mistake } as unknown as RequestTokenParameters)
    expect(fault).toBeInstanceOf(TypeError)
    expect(fault).not.toBeInstanceOf(TransportError)
    expect((fault as Error).message).toContain(name)
  })
})

describe('in a page of a browser', () => {
  afterEach(() => vi.unstubAllGlobals())
  const inPage = () => {
    vi.stubGlobal('document', {})
    vi.stubGlobal('process', undefined)
  }
  const answered = async () => ({ status: 200 })

  test('a secret is refused before anything is sent, and the error says what to do instead', async () => {
    inPage()
    const fetch = () => expect.unreachable()
    for (const permission of [{}, { allowSecretInBrowser: true }, { [allowSecretInBrowser]: undefined }]) {
      const fault = await faultOf({ ...key, fetch, ...permission })
      expect(fault).toBeInstanceOf(TypeError)
      expect((fault as Error).message).toMatch(/keySecret in a browser.*fromBackend/)
    }
  })

  test('a bundler’s stand-in for Node is no Node', async () => {
    for (const standIn of [{}, { env: {} }, { versions: {} }, { versions: { node: '' } }]) {
      vi.stubGlobal('document', {})
      vi.stubGlobal('process', standIn)
      await expect(requestToken({ ...key, fetch: answered })).rejects.toThrow(/fromBackend/)
      vi.unstubAllGlobals()
    }
  })

  test('it is sent with the symbol, in a worker without a document, and in a test that brings a document to Node', async () => {
    inPage()
    await requestToken({ ...key, fetch: answered, [allowSecretInBrowser]: true })
    vi.stubGlobal('document', undefined)
    await requestToken({ ...key, fetch: answered })
    vi.unstubAllGlobals()
    vi.stubGlobal('document', {})
    await requestToken({ ...key, fetch: answered })
  })
})

describe('what is not trusted', () => {
  test('plain http to another machine, before anything is sent', async () => {
    const fetch = () => expect.unreachable()
    expect(await faultOf({ ...key, apiUrl: 'http://example.com', fetch })).toMatchObject({
      code: 'insecure_url',
    })
  })

  test.each([301, 302, 303, 307, 308])('a redirect with %i: it is not followed', async (status) => {
    const seen: string[] = []
    const canary = await serve((request, response) => {
      seen.push(request.url ?? '')
      response.end()
    })
    const apiUrl = await serve((_, response) => response.writeHead(status, { Location: canary }).end())
    expect(await faultOf({ ...key, apiUrl })).toMatchObject({ code: 'redirect', status })
    expect(seen).toEqual([])
  })

  test('a redirect as a browser shows it, with status 0', async () => {
    const fetch = async () => Response.error()
    expect(await faultOf({ ...key, fetch })).toMatchObject({ code: 'redirect', status: 0 })
  })
})

describe('what cannot be reached', () => {
  test('nothing listens', async () => {
    expect(await faultOf({ ...key, apiUrl: 'http://127.0.0.1:1' })).toMatchObject({ code: 'network' })
  })

  test('the connection ends before the headers, and is tried once', async () => {
    let calls = 0
    const apiUrl = await serve((request) => {
      calls += 1
      request.socket.destroy()
    })
    expect(await faultOf({ ...key, apiUrl })).toMatchObject({ code: 'network' })
    expect(calls).toBe(1)
  })

  test('a fault that quotes the wire is not kept', async () => {
    const fetch = () =>
      Promise.reject(Object.assign(new TypeError('LEAK'), { cause: { data: 'LEAK', code: 'HPE_X' } }))
    const fault = (await faultOf({ ...key, fetch })) as TransportError
    expect(fault).toMatchObject({ code: 'not_http', systemCode: 'HPE_X' })
  })

  test('a fetch that knows more is believed', async () => {
    const known = new TransportError('not_http')
    expect(await faultOf({ ...key, fetch: () => Promise.reject(known) })).toBe(known)
  })
})

describe('the time-out', () => {
  test('ends an exchange without an answer', async () => {
    const apiUrl = await serve(() => {})
    expect(await faultOf({ ...key, apiUrl, timeoutMs: 100 })).toMatchObject({ code: 'timeout' })
  })

  test('does not keep a process alive whose answer has come', async () => {
    const program = `
      import { requestToken } from '@interhuman-auth/client'
      await requestToken({ keyId: 'a', keySecret: 'b', scopes: ['c'], timeoutMs: 600_000, fetch: async () => ({ status: 200 }) })
      console.log('came')`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: import.meta.dirname,
    })
    const limit = setTimeout(() => child.kill('SIGKILL'), 20_000)
    let printed = ''
    child.stdout.on('data', (chunk) => (printed += chunk))
    const code = await new Promise((resolve) => child.on('close', resolve))
    clearTimeout(limit)
    expect([code, printed]).toEqual([0, 'came\n'])
  })

  test('bounds the body’s arrival as well', async () => {
    const apiUrl = await serve((_, response) => response.writeHead(200).write('{'))
    const response = await requestToken({ ...key, apiUrl, timeoutMs: 300 })
    await expect(response.text()).rejects.toMatchObject({ name: 'TransportError', code: 'timeout' })
  })
})

describe('the caller’s signal', () => {
  test('that has fired lets nothing be sent', async () => {
    const fetch = () => expect.unreachable()
    const reason = new Error('enough')
    expect(await faultOf({ ...key, fetch, signal: AbortSignal.abort(reason) })).toBe(reason)
  })

  test('ends an exchange without an answer, with its reason', async () => {
    const controller = new AbortController()
    const apiUrl = await serve(() => controller.abort())
    expect(await faultOf({ ...key, apiUrl, signal: controller.signal })).toBe(controller.signal.reason)
  })

  test('ends the body’s arrival as well', async () => {
    const controller = new AbortController()
    const apiUrl = await serve((_, response) => response.writeHead(200).write('{'))
    const response = await requestToken({ ...key, apiUrl, signal: controller.signal })
    controller.abort()
    await expect(response.text()).rejects.toBe(controller.signal.reason)
  })

  test('keeps no listener of an exchange that failed or whose time is up', async () => {
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1
      remove(...args)
    }
    await faultOf({ ...key, signal, fetch: () => Promise.reject(new Error('no')) })
    expect(listeners).toBe(0)
    await requestToken({ ...key, signal, timeoutMs: 20, fetch: async () => ({ status: 200 }) })
    await expect.poll(() => listeners).toBe(0)
  })
})
