import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type RecordingProxy, startRecordingProxy } from '../../../test/support/recording-proxy.ts'
import { type RunningService, startService } from '../../../test/support/start-service.ts'
import { answer, startRawServer } from '../support/raw-server.ts'
import { BIN, keyEnvironment, runCommand, runShell, temporaryFolder } from '../support/run-command.ts'

const ask = ['header', '--scope', 'interhumanai.upload', '--as', 'token']
const body =
  '{"access_token":"LEAKtoken","token_type":"Bearer","expires_in":900,"scope":"interhumanai.upload"}'

describe('beside the real service', () => {
  let service: RunningService
  let proxy: RecordingProxy
  beforeAll(async () => {
    service = await startService()
    proxy = await startRecordingProxy(service.url)
  })
  afterAll(async () => {
    await proxy?.close()
    await service?.stop()
  })
  const environment = (folder: string) => ({
    HOME: folder,
    INTERHUMAN_KEY_ID: service.keyId,
    INTERHUMAN_KEY_SECRET: service.keySecret,
    INTERHUMAN_API_URL: proxy.url,
  })

  test('ten processes that start at once make one exchange and print one token', async () => {
    const env = environment(temporaryFolder())
    const ends = await Promise.all(Array.from({ length: 10 }, () => runCommand(ask, { env })))
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']))
    const [exchanged, ...more] = proxy.takeBodies()
    expect(more).toEqual([])
    const { access_token: token } = JSON.parse(String(exchanged))
    expect(new Set(ends.map(({ stdout }) => stdout.toString()))).toEqual(new Set([`${token}\n`]))
  })

  test('no secret and no token is in any file but the cache, in no name, and no secret in the cache', async () => {
    const folder = temporaryFolder()
    const env = environment(folder)
    const { stdout } = await runCommand(ask, { env })
    await runCommand(['header', '--scope', 'none'], { env })
    await runCommand(['exec', '--scope', 'interhumanai.upload', '--', 'true'], {
      env: { PATH: '/bin:/usr/bin', ...env },
    })
    const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    const files = paths.filter((path) => statSync(join(folder, path)).isFile())
    expect(files).toHaveLength(1)
    const [file = ''] = files
    const text = readFileSync(join(folder, file), 'utf8')
    expect(text).toContain(stdout.toString().trim())
    for (const secret of [service.keySecret, service.keySecret.slice(8, 40)])
      expect(text).not.toContain(secret)
    for (const known of [service.keySecret, service.keyId, stdout.toString().trim()])
      expect(paths.join('\n')).not.toContain(known)
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, file, '..')).mode & 0o777).toBe(0o700)
    proxy.takeBodies()
  })

  test('curl takes the token from a pipe', async (context) => {
    const curl = await runShell('command -v curl bash', {})
    if (curl.code !== 0 && process.env.CI === undefined) context.skip('needs curl and bash')
    const folder = temporaryFolder()
    const { stdout } = await runCommand(
      [
        '-c',
        `curl -s -o /dev/null -w '%{http_code}' --config <("$0" "$1" header --scope interhumanai.upload --as curl-config) "$2"`,
        process.execPath,
        BIN,
        `${service.url}/oauth2/none`,
      ],
      { program: '/bin/bash', env: { PATH: '/usr/bin:/bin', ...environment(folder) } },
    )
    expect(stdout.toString()).toBe('404')
    proxy.takeBodies()
  })
})

describe('a process that is killed', () => {
  test('while it holds the lock holds nobody up, and the next one leaves nothing of it', async () => {
    let asked = () => {}
    const first = new Promise<void>((resolve) => {
      asked = resolve
    })
    const server = await startRawServer((socket, request) => {
      if (server.requests.length > 1) return answer(200, body)(socket, request)
      asked()
    })
    onTestFinished(server.stop)
    const folder = temporaryFolder()
    const env = { ...keyEnvironment(server.url), HOME: folder }
    const holder = spawn(process.execPath, [BIN, ...ask], { env, stdio: 'ignore' })
    onTestFinished(() => void holder.kill('SIGKILL'))
    await first
    const cache = join(
      folder,
      ...(process.platform === 'darwin' ? ['Library', 'Caches'] : ['.cache']),
      'interhuman',
    )
    expect(readdirSync(cache)).toEqual([expect.stringMatching(/\.lock$/)])
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    const { code, stdout, stderr } = await runCommand([...ask, '--timeout', '15'], { env })
    expect([code, stdout.toString(), stderr]).toEqual([0, 'LEAKtoken\n', ''])
    expect(readdirSync(cache)).toEqual([expect.stringMatching(/^[0-9a-f]{40}$/)])
  })

  test('by a signal that it can answer to lets the lock go', async () => {
    let interrupt = () => {}
    const server = await startRawServer(() => interrupt())
    onTestFinished(server.stop)
    const folder = temporaryFolder()
    const { code } = await runCommand(ask, {
      env: { ...keyEnvironment(server.url), XDG_CACHE_HOME: folder },
      whileRunning: (child) => {
        interrupt = () => child.kill('SIGTERM')
      },
    })
    expect([code, readdirSync(join(folder, 'interhuman'))]).toEqual([143, []])
  })
})

describe('a disk that takes nothing', () => {
  const serve = async () => {
    const server = await startRawServer(answer(200, body))
    onTestFinished(server.stop)
    return server
  }

  test('costs one line: a file may have no bytes', async () => {
    const server = await serve()
    const folder = temporaryFolder()
    const { stdout, stderr } = await runShell(`ulimit -f 0; $auth ${ask.join(' ')}; echo "code $?"`, {
      ...keyEnvironment(server.url),
      XDG_CACHE_HOME: folder,
    })
    expect(stdout.toString()).toBe('LEAKtoken\ncode 0\n')
    expect(stderr).toMatch(/^interhuman-auth: the token cache cannot be used \(EFBIG\); .*\n$/)
    expect(readdirSync(join(folder, 'interhuman'))).toEqual([])
  })

  test('costs one line: the cache has no folder', async () => {
    const server = await serve()
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const { code, stdout, stderr } = await runCommand(ask, {
      env: { ...keyEnvironment(server.url), XDG_CACHE_HOME: file },
    })
    expect([code, stdout.toString()]).toEqual([0, 'LEAKtoken\n'])
    expect(stderr).toMatch(/^interhuman-auth: the token cache is not a folder.*\n$/)
  })
})

test('what is printed for a shell is what the shell reads', async () => {
  const server = await startRawServer(answer(200, body.replace('LEAKtoken', '~a-b._+/c==')))
  onTestFinished(server.stop)
  const { stdout } = await runShell(
    'eval "$($auth header --scope s --as env)"; sh -c \'echo "$INTERHUMAN_ACCESS_TOKEN"\'',
    keyEnvironment(server.url),
  )
  expect(stdout.toString()).toBe('~a-b._+/c==\n')
})
