import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answer, type RawServer, type Respond, send, startRawServer } from '../support/raw-server.ts'
import { KEY_SECRET, keyEnvironment, runCommand, runShell, temporaryFolder } from '../support/run-command.ts'

const ask = ['token', '--scope', 'interhumanai.upload']
const body = '{"access_token":"t","token_type":"Bearer","expires_in":900,"scope":"interhumanai.upload"}'
const isRoot = process.geteuid?.() === 0

async function serve(respond: Respond): Promise<RawServer> {
  const server = await startRawServer(respond)
  onTestFinished(server.stop)
  return server
}

describe('a transcript of the command', () => {
  test('a token: the bytes and nothing else', async () => {
    const { url } = await serve(answer(200, body))
    const { code, stdout, stderr } = await runCommand(ask, { env: keyEnvironment(url) })
    expect([code, stdout.toString(), stderr]).toEqual([0, body, ''])
  })

  test.each([
    [400, 4, 'the body says more'],
    [401, 4, 'check the key id and the secret'],
    [403, 4, 'ask for scopes that the key holds'],
    [404, 4, 'check the address and the API version'],
    [407, 4, 'the body says more'],
    [422, 4, 'check the scopes'],
    [429, 4, 'wait before trying again'],
    [201, 5, 'the body says more'],
    [500, 5, 'try again later'],
    [503, 5, 'try again later'],
  ])('status %i: its body, exit code %i, one line on what to do', async (status, exitCode, advice) => {
    const { url } = await serve(answer(status, '{"detail":"no"}'))
    const { code, stdout, stderr } = await runCommand(ask, { env: keyEnvironment(url) })
    expect([code, stdout.toString(), stderr]).toEqual([
      exitCode,
      '{"detail":"no"}',
      `interhuman-auth: the service answered with status ${status}; ${advice}\n`,
    ])
  })

  test('a key from a file', async () => {
    const { url, requests } = await serve(answer(200, body))
    const path = join(temporaryFolder(), 'a.env')
    writeFileSync(path, `INTERHUMAN_KEY_ID=i\nINTERHUMAN_KEY_SECRET=LEAKs\nINTERHUMAN_API_URL=${url}\n`, {
      mode: 0o600,
    })
    const { code, stderr } = await runCommand(ask, { env: { INTERHUMAN_CONFIG: path } })
    expect([code, stderr, JSON.parse(requests[0]?.body ?? '').key_secret]).toEqual([0, '', 'LEAKs'])
  })

  test('a key from a file and an address from elsewhere: exit code 7, and nobody is asked', async () => {
    const own = await serve(answer(200, body))
    const other = await serve(answer(200, body))
    const path = join(temporaryFolder(), 'a.env')
    writeFileSync(path, `INTERHUMAN_KEY_ID=i\nINTERHUMAN_KEY_SECRET=LEAKs\nINTERHUMAN_API_URL=${own.url}\n`, {
      mode: 0o600,
    })
    for (const [args, env] of [
      [['--api-url', other.url], {}],
      [[], { INTERHUMAN_API_URL: other.url }],
    ] as const) {
      const { code, stdout, stderr } = await runCommand([...ask, ...args], {
        env: { INTERHUMAN_CONFIG: path, ...env },
      })
      expect([code, stdout.length]).toEqual([7, 0])
      expect(stderr).toContain('goes only to the address stored with it')
    }
    expect([own.requests, other.requests]).toEqual([[], []])
  })

  test('an unsafe file: exit code 3', async () => {
    const path = join(temporaryFolder(), 'a.env')
    writeFileSync(path, 'INTERHUMAN_KEY_ID=i\nINTERHUMAN_KEY_SECRET=LEAKs\n')
    chmodSync(path, 0o644)
    expect(await runCommand(ask, { env: { INTERHUMAN_CONFIG: path } })).toMatchObject({
      code: 3,
      stderr: `interhuman-auth: the credentials file ${path} (mode 0644) is open to others; run chmod 600 on it\n`,
    })
  })

  test('a name that would drive the terminal is made visible', async () => {
    const { stderr } = await runCommand(ask, { env: { INTERHUMAN_CONFIG: '/none\u001b[2J\u202e\u2028\n' } })
    expect(stderr).toBe(
      'interhuman-auth: the credentials file /none\\u{1b}[2J\\u{202e}\\u{2028}\\u{a} does not exist\n',
    )
  })
})

describe('--output', () => {
  const into = (path: string) => [...ask, '--output', path]

  test('puts the answer whole into a new file of mode 0600, and nothing on standard output', async () => {
    const { url } = await serve(answer(200, body))
    const folder = temporaryFolder()
    const path = join(folder, 'token.json')
    const { code, stdout, stderr } = await runCommand(into('token.json'), {
      env: keyEnvironment(url),
      cwd: folder,
    })
    expect([code, stdout.length, stderr]).toEqual([0, 0, `interhuman-auth: the answer is in ${path}\n`])
    expect(readFileSync(path, 'utf8')).toBe(body)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['token.json'])
  })

  test('replaces a file, and its mode', async () => {
    const { url } = await serve(answer(401, 'no'))
    const path = join(temporaryFolder(), 'token.json')
    writeFileSync(path, 'before', { mode: 0o644 })
    const { code, stderr } = await runCommand(into(path), { env: keyEnvironment(url) })
    expect([code, readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([4, 'no', 0o600])
    expect(stderr).toContain('status 401')
    expect(stderr).toContain(`the answer is in ${path}`)
  })

  test.each<[string, Respond, number]>([
    ['a body cut short', send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{'), 5],
    ['no answer', (socket) => socket.destroy(), 6],
    ['a redirect', answer(307, 'x', ['Location: https://example.com']), 7],
  ])('leaves everything as it was after %s', async (_, respond, exitCode) => {
    const { url } = await serve(respond)
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'token.json'), 'before')
    const { code, stdout } = await runCommand(into(join(folder, 'token.json')), { env: keyEnvironment(url) })
    expect([code, stdout.length]).toEqual([exitCode, 0])
    expect(readFileSync(join(folder, 'token.json'), 'utf8')).toBe('before')
    expect(readdirSync(folder)).toEqual(['token.json'])
  })

  test.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves everything as it was after %s', async (signal, exitCode) => {
    const folder = temporaryFolder()
    let interrupt = () => {}
    const { url } = await serve(() => interrupt())
    const { code } = await runCommand(into(join(folder, 'token.json')), {
      env: keyEnvironment(url),
      whileRunning: (child) => {
        interrupt = () => child.kill(signal)
      },
    })
    expect([code, readdirSync(folder)]).toEqual([exitCode, []])
  })

  test('refuses a place that it would not be safe to write to, before anything is sent', async () => {
    const { url, requests } = await serve(answer(200, body))
    const folder = temporaryFolder()
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'link'))
    mkdirSync(join(folder, 'folder'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const places = [
      [join(folder, 'link'), 'is a symbolic link; name the file itself'],
      [join(folder, 'folder'), 'is not a regular file; name another'],
      [join(folder, 'pipe'), 'is not a regular file; name another'],
      ['/dev/null', 'is not a regular file; name another'],
      [`${join(folder, 'none')}/`, 'is not a regular file; name another'],
      [join(folder, 'none', 'token.json'), 'cannot be written (ENOENT)'],
    ] as const
    for (const [path, reason] of places)
      expect(await runCommand(into(path), { env: keyEnvironment(url) })).toMatchObject({
        code: 2,
        stderr: `interhuman-auth: the output file ${reason}; nothing was sent\n`,
      })
    expect(requests).toEqual([])
    expect(existsSync(join(folder, 'elsewhere'))).toBe(false)
  })

  test.skipIf(!isRoot)('refuses a file of another user (needs root, to give a file away)', async () => {
    const { url, requests } = await serve(answer(200, body))
    const path = join(temporaryFolder(), 'token.json')
    writeFileSync(path, 'theirs')
    chownSync(path, 12_345, 12_345)
    const { code, stderr } = await runCommand(into(path), { env: keyEnvironment(url) })
    expect([code, readFileSync(path, 'utf8'), requests]).toEqual([2, 'theirs', []])
    expect(stderr).toContain('belongs to another user')
  })
})

describe('the process', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('ends with 128 and the number of %s', async (signal) => {
    let interrupt = () => {}
    const { url } = await serve(() => interrupt())
    const ended = await runCommand(ask, {
      env: keyEnvironment(url),
      whileRunning: (child) => {
        interrupt = () => child.kill(signal)
      },
    })
    expect([ended.code, ended.stdout.length, ended.stderr]).toEqual([signal === 'SIGINT' ? 130 : 143, 0, ''])
  })

  const hasProc = existsSync('/proc/self/cmdline')
  test.skipIf(!hasProc)('has no secret among its arguments (needs /proc, to look)', async () => {
    let pid: number | undefined
    let seen = ''
    const { url } = await serve((socket, request) => {
      seen = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      answer(200, body)(socket, request)
    })
    await runCommand(ask, {
      env: keyEnvironment(url),
      whileRunning: (child) => {
        pid = child.pid
      },
    })
    expect(seen).toContain('token --scope interhumanai.upload')
    expect(seen).not.toContain(KEY_SECRET)
  })

  test.each([
    ['$auth token --scope s', 0, 200],
    ['$auth token --scope s', 4, 401],
    ['$auth token --help', 0, 200],
    ['$auth --help', 0, 200],
    ['$auth check', 0, 200],
  ])('ends quietly when nobody reads it: %s | true, exit code %i', async (line, exitCode, status) => {
    const { url } = await serve(answer(status, Buffer.alloc(1_000_000, 'x')))
    const { stdout, stderr } = await runShell(
      `{ sleep 0.3; ${line}; echo "code $?" >&2; } | true`,
      keyEnvironment(url),
    )
    expect(stdout.length).toBe(0)
    expect(stderr.split('\n').at(-2)).toBe(`code ${exitCode}`)
    expect(stderr).not.toMatch(/EPIPE|Error|at /)
  })

  test('ends quietly when nobody reads standard error', async () => {
    const { url } = await serve(answer(401, 'no'))
    const { stdout } = await runShell(
      '{ { sleep 0.3; $auth token --scope s; echo " code $?"; } 2>&1 >&3 3>&- | true; } 3>&1',
      keyEnvironment(url),
    )
    expect(stdout.toString()).toMatch(/^no/)
  })

  test.skipIf(!existsSync('/dev/full'))(
    'says when standard output cannot be written: exit code 5 (needs /dev/full)',
    async () => {
      const { url } = await serve(answer(200, body))
      const { stdout, stderr } = await runShell(
        '$auth token --scope s > /dev/full; echo "code $?"',
        keyEnvironment(url),
      )
      expect(stdout.toString()).toBe('code 5\n')
      expect(stderr).toBe(
        'interhuman-auth: standard output cannot be written (ENOSPC); the answer was not handed on whole\n',
      )
    },
  )
})
