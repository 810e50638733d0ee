import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeCertificate } from '../support/certificate.ts'
import { answer, type RawServer, type Respond, send, startRawServer } from '../support/raw-server.ts'
import { KEY_ID, KEY_SECRET, keyEnvironment, runCommand, temporaryFolder } from '../support/run-command.ts'

async function serve(respond: Respond): Promise<RawServer> {
  const server = await startRawServer(respond)
  onTestFinished(server.stop)
  return server
}

/** Runs `check` and sees that nothing of a credential is told, not even its beginning. */
async function check(args: readonly string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await runCommand(['check', ...args], { env })
  for (const secret of [KEY_ID, KEY_SECRET, 'LEAK']) expect(stdout + stderr).not.toContain(secret.slice(0, 4))
  return { code, lines: stdout.toString().split('\n').slice(0, -1), stderr }
}

function file(path: string, content: string, mode = 0o600): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content, { mode })
  return path
}

const GRANT = '{"access_token":"LEAKtoken","token_type":"Bearer","expires_in":900}'
const lines = 'INTERHUMAN_KEY_ID=LEAKid\nINTERHUMAN_KEY_SECRET=LEAKsecret\n'

describe('check says which sources hold a credential, and which one counts', () => {
  test('none: exit code 3', async () => {
    const HOME = temporaryFolder()
    const { code, lines, stderr } = await check([], { HOME })
    expect(lines).toEqual([
      'environment: holds no credential',
      `default file: ${HOME}/.config/interhuman/credentials.env does not exist`,
      'keychain: cannot be asked: there is no secret service on this machine',
    ])
    expect(code).toBe(3)
    expect(stderr).toMatch(
      /^interhuman-auth: no credential found; run interhuman-auth login, or set INTERHUMAN_KEY_ID and .*\)\n$/,
    )
  })

  test('three, with their places and modes', async () => {
    const HOME = temporaryFolder()
    const named = file(join(HOME, 'named.env'), `${lines}INTERHUMAN_API_URL=http://127.0.0.1:4747\n`, 0o400)
    const open = file(join(HOME, '.config/interhuman/credentials.env'), lines, 0o644)
    const env = { HOME, INTERHUMAN_CONFIG: named }
    const files = [
      `file named by INTERHUMAN_CONFIG: ${named} (mode 0400) holds a credential`,
      `default file: ${open} (mode 0644) is open to others; run chmod 600 on it`,
    ]
    expect(await check([], env)).toEqual({
      code: 0,
      lines: [
        'environment: holds no credential',
        ...files,
        'used: file named by INTERHUMAN_CONFIG',
        'address: http://127.0.0.1:4747',
      ],
      stderr: '',
    })
    expect((await check([], { ...env, ...keyEnvironment('https://a.example') })).lines).toEqual([
      'environment: holds a credential',
      ...files,
      'used: environment',
      'address: https://a.example',
    ])
  })

  test('half of one: exit code 3', async () => {
    const { code, lines, stderr } = await check([], { INTERHUMAN_KEY_ID: KEY_ID })
    expect([code, lines[0]]).toEqual([
      3,
      expect.stringMatching(/^environment: holds INTERHUMAN_KEY_ID but not/),
    ])
    expect(stderr).toContain('the environment holds INTERHUMAN_KEY_ID but not INTERHUMAN_KEY_SECRET')
  })

  test('a file’s key and an address from elsewhere: exit code 7', async () => {
    const INTERHUMAN_CONFIG = file(join(temporaryFolder(), 'a.env'), lines)
    expect((await check(['--api-url', 'https://elsewhere.example'], { INTERHUMAN_CONFIG })).code).toBe(7)
  })
})

describe('check --online makes one exchange and says only whether it worked', () => {
  test('it did: exit code 0, and no token', async () => {
    const { url, requests } = await serve(answer(200, GRANT))
    const { code, lines, stderr } = await check(['--online', '--api-version', 'v1'], keyEnvironment(url))
    expect([code, lines.at(-1), stderr]).toEqual([0, 'online: the exchange worked', ''])
    expect(requests).toHaveLength(1)
    expect(requests[0]?.head).toMatch(/^POST \/v1\/auth /)
    expect(JSON.parse(requests[0]?.body ?? '').scopes).toEqual(['interhumanai.upload'])
  })

  test('it asks for the scopes that are named', async () => {
    const { url, requests } = await serve(answer(200, GRANT))
    await check(['--online', '--scope', 'a', '--scope', 'b'], keyEnvironment(url))
    expect(JSON.parse(requests[0]?.body ?? '').scopes).toEqual(['a', 'b'])
  })

  const id = '0f8fad5b-d9cb-469f-a165-70867728950e'
  test.each([
    ['{"error_id":"ih2001","message":"LEAK"}', ', error ih2001'],
    ['{"error_id":"LEAK"}', ''],
    ['{"error_id":["ih2001"]}', ''],
    ['null', ''],
    ['LEAK', ''],
  ])('it was refused with %s: exit code 4, status, correlation id and error id', async (body, error) => {
    const { url } = await serve(answer(401, body, [`X-Correlation-ID: ${id}`]))
    const { code, lines } = await check(['--online'], keyEnvironment(url))
    expect([code, ...lines.slice(-2)]).toEqual([
      4,
      `online: the exchange did not work: status 401 (correlation id ${id})${error}; check the key id and the secret`,
      'at fault: the key, or what is asked for with it',
    ])
  })

  test('something else answered with 200, and no token: exit code 5', async () => {
    const { url } = await serve(answer(200, '<html>LEAK portal</html>'))
    const { code, lines } = await check(['--online'], keyEnvironment(url))
    expect([code, ...lines.slice(-2)]).toEqual([
      5,
      'online: the exchange did not work: status 200 and no token; check the address',
      'at fault: the address, or what stands between',
    ])
  })

  test.each<[string, Respond, number]>([
    ['the service is broken', answer(500, 'LEAK'), 5],
    ['the body is cut short', send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nLEAK'), 5],
    ['there is no answer', (socket) => socket.destroy(), 6],
    ['there is a redirect', answer(308, '', ['Location: https://LEAK.example']), 7],
  ])('%s: the exit code of the exchange', async (_, respond, exitCode) => {
    const { url } = await serve(respond)
    expect((await check(['--online'], keyEnvironment(url))).code).toBe(exitCode)
  })
})

describe('check --online says what is at fault', () => {
  const day = 86_400_000
  const now = Date.now()
  /** Answers with a Date that is off by some milliseconds. */
  const dated =
    (offMs: number, status = 200): Respond =>
    (socket, request) =>
      answer(status, GRANT, [`Date: ${new Date(Date.now() + offMs).toUTCString()}`])(socket, request)

  test('nothing: each step of the way is named, and the clocks agree', async () => {
    const { url, port } = await serve(dated(0))
    const { lines } = await check(['--online'], keyEnvironment(url.replace('127.0.0.1', 'localhost')))
    expect(lines.slice(-4)).toEqual([
      expect.stringMatching(/^dns: localhost is [\d.:, ]+ \(\d+ ms\)$/),
      expect.stringMatching(new RegExp(`^tcp: connected to \\S+ port ${port} \\(\\d+ ms\\)$`)),
      expect.stringMatching(
        /^clock: this machine's (?:and the service's agree|is \d+ s ahead of the service's)$/,
      ),
      'online: the exchange worked',
    ])
  })

  test('the clock', async () => {
    const { url } = await serve(dated(3_600_000))
    const { code, lines } = await check(['--online'], keyEnvironment(url))
    expect([code, lines.at(-1)]).toEqual([0, "at fault: this machine's clock or the service's"])
    expect(lines.join('\n')).toMatch(/^clock: this machine's is 3\d\d\d s behind the service's$/m)
  })

  test.each([
    [401, 4, 'the key, or what is asked for with it'],
    [500, 5, 'the service'],
  ])(
    'what failed (%i), and the clock, on which no exchange depends, beside it',
    async (status, exitCode, fault) => {
      const { url } = await serve(dated(-3_600_000, status))
      const { code, lines } = await check(['--online'], keyEnvironment(url))
      expect([code, lines.at(-1)]).toEqual([
        exitCode,
        `at fault: ${fault}; beside it, this machine's clock or the service's`,
      ])
      expect(lines.join('\n')).toMatch(/^clock: this machine's is 36\d\d s ahead of the service's$/m)
    },
  )

  test('the network', async () => {
    const { code, lines } = await check(['--online'], keyEnvironment('http://127.0.0.1:1'))
    expect([code, lines.at(-1)]).toEqual([
      6,
      'at fault: the network between here and the address, or nothing listens there',
    ])
    expect(lines.at(-2)).toMatch(/^tcp: failed \(ECONNREFUSED\) \(\d+ ms\)$/)
  })

  test('the name', async () => {
    const { code, lines } = await check(['--online'], keyEnvironment('https://example.invalid'))
    expect([code, lines.at(-1)]).toEqual([6, "at fault: the address's name, or this machine's DNS"])
  })

  test('a certificate, with who it is of and the days that are left, as JSON too', async () => {
    const expired = makeCertificate('localhost', new Date(now - 3 * day), new Date(now - 1.5 * day))
    const server = await startRawServer(dated(0), expired)
    onTestFinished(server.stop)
    const ca = file(join(temporaryFolder(), 'ca.pem'), expired.cert)
    const env = { ...keyEnvironment(`https://localhost:${server.port}`), NODE_EXTRA_CA_CERTS: ca }
    const { code, lines } = await check(['--online', '--json'], env)
    const report = JSON.parse(lines.join(''))
    expect([code, report.ok, report.exit_code, server.requests]).toEqual([7, false, 7, []])
    expect(report.at_fault).toMatch(/^the address's certificate .* or this machine's clock$/)
    expect(report.way.at(-1)).toMatchObject({
      step: 'tls',
      duration_ms: expect.any(Number),
      clock_may_be: true,
      problem: expect.stringContaining('not trusted (CERT_HAS_EXPIRED)'),
      certificate: { subject: 'localhost', issuer: 'test', days_left: -2 },
    })
    expect(lines.join('').match(/"\w*[A-Z]\w*":/g)).toBeNull()
    expect(report.sources[0]).toEqual({ role: 'environment', name: 'environment', state: 'found' })
  })

  test('nothing of TLS that is trusted', async () => {
    const good = makeCertificate('localhost', new Date(now - day), new Date(now + 10.5 * day))
    const server = await startRawServer(dated(0), good)
    onTestFinished(server.stop)
    const ca = file(join(temporaryFolder(), 'ca.pem'), good.cert)
    const env = { ...keyEnvironment(`https://localhost:${server.port}`), NODE_EXTRA_CA_CERTS: ca }
    const { code, lines } = await check(['--online'], env)
    expect([code, lines.at(-1)]).toEqual([0, 'online: the exchange worked'])
    expect(lines.at(-3)).toMatch(
      /^tls: TLSv1\.3, the certificate of localhost by test, 10 days left \(\d+ ms\)$/,
    )
  })
})
