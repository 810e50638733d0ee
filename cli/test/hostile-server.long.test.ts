import { writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeCertificate } from './support/certificate.ts'
import { answer, type RawServer, type Respond, send, startRawServer } from './support/raw-server.ts'
import { KEY_ID, KEY_SECRET, keyEnvironment, runCommand, temporaryFolder } from './support/run-command.ts'

const ask = ['token', '--scope', 'interhumanai.upload']

async function serve(respond: Respond, tls?: { key: string; cert: string }): Promise<RawServer> {
  const server = await startRawServer(respond, tls)
  onTestFinished(server.stop)
  return server
}

/** Runs the command against a server and sees to what holds for every answer. */
async function askOf(respond: Respond, args: readonly string[] = ask, env: Record<string, string> = {}) {
  const server = await serve(respond)
  const ended = await runCommand(args, { env: { ...keyEnvironment(server.url), ...env } })
  expect(ended.stderr).not.toContain('LEAK')
  expect(ended.stderr).toMatch(/^(?:interhuman-auth: [^\n]+\n)*$/)
  return { ...ended, server }
}

describe('the request', () => {
  test('is one POST with the contract’s body, asking for no encoding', async () => {
    const { code, server } = await askOf(answer(200, '{}'), [...ask, '--scope', 'interhumanai.stream'])
    expect(code).toBe(0)
    expect(server.requests).toHaveLength(1)
    const { head, body } = server.requests[0] ?? { head: '', body: '' }
    expect(body).toBe(
      JSON.stringify({
        key_id: KEY_ID,
        key_secret: KEY_SECRET,
        scopes: ['interhumanai.upload', 'interhumanai.stream'],
      }),
    )
    expect(head.split('\r\n').map((line) => line.replace(/:\d+$/, ''))).toEqual([
      'POST /v0/auth HTTP/1.1',
      'Content-Type: application/json',
      'Accept-Encoding: identity',
      'Accept: */*',
      'User-Agent: interhuman-auth',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      'Host: 127.0.0.1',
    ])
  })

  test('goes to the version that was asked for, below the path of the address', async () => {
    const server = await serve(answer(200, '{}'))
    const env = keyEnvironment(`${server.url}/below`)
    await runCommand([...ask, '--api-version', 'v1', '--api-url', `${server.url}/below/`], { env })
    expect(server.requests[0]?.head).toMatch(/^POST \/below\/v1\/auth /)
  })

  test('goes nowhere when the environment holds another address than the flag names', async () => {
    const server = await serve(answer(200, '{}'))
    const result = await runCommand([...ask, '--api-url', server.url], {
      env: keyEnvironment('https://127.0.0.1:9'),
    })
    expect(result.code).toBe(7)
    expect(server.requests).toHaveLength(0)
  })

  test.each([421, 500, 503, 429])('is not repeated after a %i', async (status) => {
    const { server } = await askOf(answer(status, 'no', ['Retry-After: 0']))
    expect(server.requests).toHaveLength(1)
  })
})

describe('the answer', () => {
  test('is handed on byte for byte, whatever its status and its bytes, over a real socket and through the real process', async () => {
    const statuses = fc.oneof(
      fc.constantFrom(
        200,
        201,
        206,
        300,
        305,
        306,
        400,
        401,
        403,
        407,
        418,
        421,
        422,
        429,
        500,
        503,
        599,
        600,
        999,
      ),
      fc
        .integer({ min: 200, max: 999 })
        .filter((status) => ![204, 301, 302, 303, 304, 307, 308].includes(status)),
    )
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 4096 }),
      fc.json().map((text) => Buffer.from(text)),
    )
    const framing = fc.constantFrom('length', 'chunked', 'close')
    const property = fc.asyncProperty(statuses, bodies, framing, async (status, body, frame) => {
      const server = await startRawServer(framed(status, body, frame))
      try {
        const { code, stdout, stderr } = await runCommand(ask, { env: keyEnvironment(server.url) })
        expect(stdout.equals(body)).toBe(true)
        expect(code).toBe(status === 200 ? 0 : status >= 400 && status < 500 ? 4 : 5)
        expect(stderr.includes(`status ${status}`)).toBe(status !== 200)
        expect(server.requests).toHaveLength(1)
      } finally {
        await server.stop()
      }
    })
    await fc.assert(property, { numRuns: 100 })
  }, 240_000)

  test.each([
    ['nothing at all', ''],
    ['no final line end', '{"a":1}'],
    ['a byte order mark and CRLF', '\uFEFF{\r\n}\r\n'],
    ['NUL bytes and what drives a terminal', '\0\u001b[2J\0'],
    ['invalid UTF-8', Buffer.from([0xff, 0xfe, 0xc0, 0x80])],
    ['10 MB', Buffer.alloc(10_000_000, 'x')],
  ])('with %s arrives as sent', async (_, body) => {
    const { code, stdout, stderr } = await askOf(answer(200, body))
    expect(stdout.equals(Buffer.from(body))).toBe(true)
    expect([code, stderr]).toEqual([0, ''])
  })

  test.each([204, 304])('with status %i has no body, and exit code 5', async (status) => {
    const { code, stdout } = await askOf(send(`HTTP/1.1 ${status} Empty\r\n\r\n`))
    expect([code, stdout.length]).toEqual([5, 0])
  })

  test('of HTTP/1.0 ends where the connection does', async () => {
    const { code, stdout } = await askOf(send('HTTP/1.0 200 OK\r\n\r\n', '{"a":1}'))
    expect([code, stdout.toString()]).toEqual([0, '{"a":1}'])
  })

  test('is the last one after informational ones', async () => {
    const early = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'
    const { code, stdout } = await askOf(send(early, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'))
    expect([code, stdout.toString()]).toEqual([0, '{}'])
  })

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['gzip, br', (bytes: Buffer) => brotliCompressSync(gzipSync(bytes))],
  ])('that came encoded as %s all the same is decoded', async (encoding, encode) => {
    const body = Buffer.from('{"access_token":"é"}')
    const { code, stdout } = await askOf(answer(200, encode(body), [`Content-Encoding: ${encoding}`]))
    expect([code, stdout.toString()]).toEqual([0, body.toString()])
  })

  test('in an encoding that is not known is handed on as it came', async () => {
    const { code, stdout } = await askOf(answer(200, 'as it came', ['Content-Encoding: rot13']))
    expect([code, stdout.toString()]).toEqual([0, 'as it came'])
  })

  test('that decodes to more than 64 MiB is not handed on', async () => {
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024))
    const { code, stdout, stderr } = await askOf(answer(200, bomb, ['Content-Encoding: gzip']))
    expect([code, stdout.length]).toEqual([5, 0])
    expect(stderr).toContain('larger than 64 MiB')
  })

  test('that claims to be gzip and is not has exit code 5', async () => {
    const { code, stderr } = await askOf(answer(200, 'not gzip', ['Content-Encoding: gzip']))
    expect(code).toBe(5)
    expect(stderr).toContain('cannot be decoded')
  })
})

describe('a body cut short is handed on as far as it came, with exit code 5', () => {
  const cut: [string, Respond][] = [
    ['before its length', send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', 'came')],
    ['before its last chunk', send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ncame\r\n')],
    ['in a chunk', send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\ncame')],
    ['after a refusal’s headers', send('HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\n', 'came')],
    [
      'by a reset',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncame')
        setTimeout(() => socket.resetAndDestroy(), 300)
      },
    ],
    ['in its encoding', answer(200, gzipSync('came').subarray(0, -4), ['Content-Encoding: gzip'])],
    [
      'in its encoding and on the way',
      send(
        'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n',
        gzipSync('came').subarray(0, -4),
      ),
    ],
  ]
  test.each(cut)('%s', async (_, respond) => {
    const { code, stdout, stderr } = await askOf(respond)
    expect([code, stdout.toString()]).toEqual([5, 'came'])
    expect(stderr).toContain('the body of the answer was cut short; what came of it is on standard output')
  })

  test('by the time-out', async () => {
    const slow: Respond = (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncame')
    const { code, stdout, stderr } = await askOf(slow, [...ask, '--timeout', '1'])
    expect([code, stdout.toString()]).toEqual([5, 'came'])
    expect(stderr).toContain('as the time was up')
  })

  test('while the reader of standard output is slow, the last bytes as well', async () => {
    const body = Buffer.alloc(400_000, 'x')
    const server = await serve((socket) => {
      socket.write(
        Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n'), body]),
        () => setTimeout(() => socket.end(), 100),
      )
    })
    const { code, stdout } = await runCommand(ask, {
      env: keyEnvironment(server.url),
      whileRunning: ({ stdout: out }) => {
        out?.pause()
        setTimeout(() => out?.resume(), 1000)
      },
    })
    expect([code, stdout.length]).toEqual([5, body.length])
  })
})

describe('no answer', () => {
  test('in time: exit code 6, nothing on standard output', async () => {
    const { code, stdout, stderr } = await askOf(() => {}, [...ask, '--timeout', '0.5'])
    expect([code, stdout.length]).toEqual([6, 0])
    expect(stderr).toContain('within 0.5 s')
  })

  test('but a header that comes a byte at a time: exit code 6', async () => {
    const { code, stdout } = await askOf(
      (socket) => {
        const timer = setInterval(() => socket.write('H'), 50)
        socket.on('close', () => clearInterval(timer))
        socket.write('HTTP/1.1 200 OK\r\nX-Slow: ')
      },
      [...ask, '--timeout', '1'],
    )
    expect([code, stdout.length]).toEqual([6, 0])
  })

  test.each<[string, Respond]>([
    ['closed', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
    ['closed in the headers', send('HTTP/1.1 200 OK\r\nContent-Le')],
  ])('as the connection was %s: exit code 6', async (_, respond) => {
    const { code, stdout, stderr, server } = await askOf(respond)
    expect([code, stdout.length, server.requests.length]).toEqual([6, 0, 1])
    expect(stderr).toMatch(/no answer from http:\/\/127\.0\.0\.1:\d+/)
  })

  test('as nothing listens: exit code 6, and a word on sandboxes', async () => {
    const server = await startRawServer(() => {})
    await server.stop()
    const { code, stderr } = await runCommand(ask, { env: keyEnvironment(server.url) })
    expect(code).toBe(6)
    expect(stderr).toContain('(ECONNREFUSED)')
    expect(stderr).toContain('sandbox')
  })

  test.each<[string, Respond]>([
    ['a switch to another protocol', send('HTTP/1.1 101 No\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')],
    ['junk', send('220 mail.example ESMTP\r\n')],
    ['a flood of headers', send('HTTP/1.1 200 OK\r\n', 'X-Flood: x\r\n'.repeat(50_000), '\r\n{}')],
    [
      'both a length and chunks',
      send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}'),
    ],
  ])('that can be read, but %s: exit code 5, nothing on standard output', async (_, respond) => {
    const { code, stdout, stderr } = await askOf(respond)
    expect([code, stdout.length]).toEqual([5, 0])
    expect(stderr).toContain('is not HTTP that can be read')
  })
})

describe('what is not trusted: exit code 7', () => {
  test.each([301, 302, 303, 307, 308])('a redirect with %i: the key goes no further', async (status) => {
    const canary = await serve(answer(200, 'caught'))
    const { code, stdout, stderr, server } = await askOf(
      answer(status, 'moved', [`Location: ${canary.url}/v0/auth`]),
    )
    expect([code, stdout.length, server.requests.length]).toEqual([7, 0, 1])
    expect(stderr).toContain(`redirect (${status})`)
    expect(canary.requests).toEqual([])
  })

  test.each([
    'http://192.0.2.1',
    'http://example.invalid',
    'http://localhost.example.invalid',
    'http://127.0.0.1.example.invalid',
  ])('plain http to another machine: %s', async (url) => {
    const { code, stderr } = await runCommand([...ask, '--api-url', url], { env: keyEnvironment(url) })
    expect(code).toBe(7)
    expect(stderr).toBe(
      'interhuman-auth: --api-url is plain http to another machine; use https; nothing was sent\n',
    )
  })

  const day = 86_400_000
  const now = Date.now()
  const good = makeCertificate('localhost', new Date(now - day), new Date(now + day))
  const expired = makeCertificate('localhost', new Date(now - 2 * day), new Date(now - day))
  const trust = (certificate: { cert: string }) => {
    const file = join(temporaryFolder(), 'ca.pem')
    writeFileSync(file, certificate.cert)
    return { NODE_EXTRA_CA_CERTS: file }
  }

  test.each([
    ['nobody vouches for', good, 'localhost', false, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['is another name’s', good, '127.0.0.1', true, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['has expired', expired, 'localhost', true, 'CERT_HAS_EXPIRED'],
  ])(
    'a certificate that %s, also where checks are switched off',
    async (_, certificate, host, trusted, systemCode) => {
      const server = await serve(answer(200, '{}'), certificate)
      const env = {
        ...keyEnvironment(`https://${host}:${server.port}`),
        ...(trusted ? trust(certificate) : {}),
      }
      for (const off of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }]) {
        const { code, stdout, stderr } = await runCommand(ask, { env: { ...env, ...off } })
        expect([code, stdout.length]).toEqual([7, 0])
        expect(stderr).toContain(`not trusted (${systemCode}); nothing was sent`)
        expect(stderr).not.toContain('LEAK')
      }
      expect(server.requests).toEqual([])
    },
  )

  test('what breaks TLS after the handshake, and then nobody says that nothing was sent', async () => {
    const raw: Socket[] = []
    const server = await serve(() => void raw[0]?.write(Buffer.from('17030300050102030405', 'hex')), good)
    server.onConnection((socket) => raw.push(socket))
    const env = { ...keyEnvironment(`https://localhost:${server.port}`), ...trust(good) }
    const { code, stderr } = await runCommand(ask, { env })
    expect([code, server.requests.length]).toEqual([7, 1])
    expect(stderr).toMatch(/ is not trusted \(ERR_SSL_\w+\); check the address\n$/)
  })

  test('but a good certificate is', async () => {
    const server = await serve(answer(200, '{}'), good)
    const env = { ...keyEnvironment(`https://localhost:${server.port}`), ...trust(good) }
    expect(await runCommand(ask, { env })).toMatchObject({ code: 0, stderr: '' })
  })

  test('a proxy that the environment names: plain http to this machine goes past it (needs Node 24)', async () => {
    const proxy = await serve(answer(200, 'the proxy'))
    const { code, stdout } = await askOf(answer(200, 'the service'), ask, {
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: proxy.url,
    })
    expect([code, stdout.toString(), proxy.requests]).toEqual([0, 'the service', []])
  })

  test('what does not speak TLS where TLS is due', async () => {
    const plain = createServer(
      (socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    )
    onTestFinished(() => void plain.close())
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const { port } = plain.address() as { port: number }
    const { code, stdout, stderr } = await runCommand(ask, {
      env: keyEnvironment(`https://127.0.0.1:${port}`),
    })
    expect([code, stdout.length]).toEqual([7, 0])
    expect(stderr).toContain('is not trusted')
  })
})

describe('headers', () => {
  test('never reach the terminal raw, and a correlation id only in its own form', async () => {
    const id = '0f8fad5b-d9cb-469f-a165-70867728950e'
    const good = await askOf(answer(401, 'no', [`X-Correlation-ID: ${id}`]))
    expect(good.stderr).toBe(
      `interhuman-auth: the service answered with status 401 (correlation id ${id}); check the key id and the secret\n`,
    )
    for (const hostile of [KEY_ID, `${id}\u009b`, 'a'.repeat(8000)]) {
      const { stderr } = await askOf(answer(401, 'no', [`X-Correlation-ID: ${hostile}`]))
      expect(stderr).toBe(
        'interhuman-auth: the service answered with status 401; check the key id and the secret\n',
      )
    }
  })

  test('that hold what drives a terminal are no HTTP', async () => {
    const { code, stderr } = await askOf(answer(401, 'no', ['X-Correlation-ID: \u001b[2J']))
    expect(code).toBe(5)
    expect(stderr).not.toContain('\u001b')
  })
})

function framed(status: number, body: Uint8Array, frame: string): Respond {
  if (frame === 'length') return answer(status, body)
  if (frame === 'close') return send(`HTTP/1.1 ${status} Said so\r\nConnection: close\r\n\r\n`, body)
  const chunks = body.length === 0 ? [] : [`${body.length.toString(16)}\r\n`, body, '\r\n']
  return send(`HTTP/1.1 ${status} Said so\r\nTransfer-Encoding: chunked\r\n\r\n`, ...chunks, '0\r\n\r\n')
}
