import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ERRORS } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { type GuardedApi, startGuardedApi } from './support/start-guarded-api.ts'
import {
  cleanEnvironment,
  type RunningService,
  runProcess,
  startService,
  waitUntil,
} from './support/start-service.ts'

const COMMAND = fileURLToPath(new URL('../cli/bin/interhuman-auth.js', import.meta.url))
const MEGABYTE = 1024 * 1024
const UPLOAD = '/v0/upload/analyze'
const STREAM = '/v0/stream/analyze'
/** After this a proxy is ended, whatever became of its test. */
const LONGEST_LIFE_MS = 120_000

let service: RunningService
let api: GuardedApi
let cache: string
/** All that any proxy wrote, but its base URL. */
let written = ''
const baseUrls: string[] = []

beforeAll(async () => {
  service = await startService()
  api = await startGuardedApi(service.url)
})

afterAll(async () => {
  await Promise.all([api.close(), service.stop()])
})

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'interhuman-proxy-'))
  onTestFinished(() => rmSync(cache, { recursive: true, force: true }))
})

function environment(changes: Record<string, string> = {}): NodeJS.ProcessEnv {
  return cleanEnvironment({
    INTERHUMAN_KEY_ID: service.keyId,
    INTERHUMAN_KEY_SECRET: service.keySecret,
    INTERHUMAN_API_URL: api.url,
    XDG_CACHE_HOME: cache,
    HOME: cache,
    ...changes,
  })
}

interface StartedProxy {
  readonly baseUrl: string
  readonly child: ChildProcess
  readonly stderr: () => string
  readonly ended: Promise<number | null>
}

/** The built command as a process of its own, once it has printed its base URL. */
async function startProxy(args: readonly string[] = [], env = environment()): Promise<StartedProxy> {
  const child = spawn(process.execPath, [COMMAND, 'proxy', '--verbose', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_LIFE_MS,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
    written += text
  })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await waitUntil(
    () => stdout.endsWith('\n') || child.exitCode !== null,
    () => `the proxy did not listen: ${stderr}`,
  )
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+(?:\/[\w-]{43})?\n$/)
  baseUrls.push(stdout.trim())
  return { baseUrl: stdout.trim(), child, stderr: () => stderr, ended }
}

const post = (baseUrl: string, body: BodyInit, path = UPLOAD) =>
  fetch(baseUrl + path, { method: 'POST', body, duplex: 'half' } as RequestInit)

/** A body of so many megabytes that is never in memory as a whole. */
function stream(megabytes: number): ReadableStream<Uint8Array> {
  let left = megabytes
  const chunk = new Uint8Array(MEGABYTE)
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close()
      left -= 1
      controller.enqueue(chunk)
    },
  })
}

describe('the proxy, in front of a real service and a guarded API', () => {
  it('uploads and streams with no credential, and one exchange for each scope', async () => {
    const before = api.exchanges()
    const { baseUrl } = await startProxy()
    for (const body of ['small', new Uint8Array(4 * MEGABYTE)]) {
      const response = await post(baseUrl, body)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ received_bytes: body.length })
    }
    const socket = new WebSocket(`${baseUrl.replace('http', 'ws')}${STREAM}`)
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    socket.send('frame')
    expect((await once(socket, 'message'))[0].toString()).toBe('frame')
    expect(api.exchanges() - before).toBe(2)
  })

  it('has fifty requests at once wait for one exchange, and takes up a token that another command left', async () => {
    const before = api.exchanges()
    const scope = ['--scope', 'interhumanai.upload']
    const { baseUrl } = await startProxy(scope)
    const responses = await Promise.all(Array.from({ length: 50 }, () => post(baseUrl, 'x')))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    const other = await startProxy(scope)
    expect((await post(other.baseUrl, 'x')).status).toBe(200)
    expect(api.exchanges() - before).toBe(1)
  })

  it('lives through the end of a token: a small request is sent again, the next after a stream has another', async () => {
    const { baseUrl, stderr } = await startProxy()
    expect((await post(baseUrl, 'x')).status).toBe(200)
    const before = api.exchanges()
    api.expireNext()
    expect((await post(baseUrl, 'x')).status).toBe(200)
    expect(api.exchanges() - before).toBe(1)
    // Within the seconds after it no second token is dropped: an API that refuses all of them costs no exchange each time.
    api.expireNext()
    expect((await post(baseUrl, 'x')).status).toBe(401)
    expect((await post(baseUrl, 'x')).status).toBe(200)
    expect(api.exchanges() - before).toBe(1)
    expect(stderr()).toMatch(/^interhuman-auth: POST \/v0\/upload\/analyze 200 \d+ ms\n/)
  })

  it('hands on what the guard says: a scope that lacks, on a request and on a stream', async () => {
    const { baseUrl } = await startProxy(['--scope', 'interhumanai.stream'])
    const response = await post(baseUrl, 'x')
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toContain('insufficient_scope')
    const other = await startProxy(['--scope', 'interhumanai.upload'])
    const socket = new WebSocket(`${other.baseUrl.replace('http', 'ws')}${STREAM}`)
    expect((await once(socket, 'close'))[0]).toBe(4003)
  })

  it('says once why there is no token, and answers 502', async () => {
    const env = environment({ INTERHUMAN_KEY_SECRET: 'LEAKwrong' })
    const { baseUrl, stderr } = await startProxy([], env)
    for (let count = 0; count < 3; count += 1) {
      const response = await post(baseUrl, 'x')
      expect(response.status).toBe(502)
      expect(await response.json()).toMatchObject({ error_id: ERRORS.proxyTokenAbsent.id })
    }
    expect(stderr().match(/status 401/g)).toHaveLength(1)
    expect(stderr()).toContain('check the key id and the secret')
  })

  it('lets every program in where it was told to, and still no web page', async () => {
    const { baseUrl } = await startProxy(['--no-secret'])
    expect(new URL(baseUrl).pathname).toBe('/')
    expect((await post(baseUrl, 'x')).status).toBe(200)
    const page = await fetch(baseUrl + UPLOAD, {
      method: 'POST',
      headers: { Origin: 'https://evil.example' },
    })
    expect(page.status).toBe(403)
  })

  it('takes a free port, or the one that it is told, or says that it is taken', async () => {
    const { baseUrl } = await startProxy()
    const { port } = new URL(baseUrl)
    const result = await runProcess(process.execPath, [COMMAND, 'proxy', '--port', port], environment())
    expect(result).toMatchObject({ code: 5, stdout: '' })
    expect(result.stderr).toBe(`interhuman-auth: port ${port} is taken; name another with --port\n`)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with 0 at %s, after what is on its way', async (signal) => {
    const { baseUrl, child, ended } = await startProxy()
    let finish = () => {}
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(10))
        finish = () => controller.close()
      },
    })
    const tokensBefore = api.tokens.size
    const pending = post(baseUrl, body)
    await waitUntil(
      () => api.tokens.size > tokensBefore,
      () => 'no request came',
    )
    child.kill(signal)
    await waitUntil(
      () =>
        fetch(baseUrl).then(
          () => false,
          () => true,
        ),
      () => 'it went on listening',
    )
    finish()
    expect(await (await pending).json()).toEqual({ received_bytes: 10 })
    expect(await ended).toBe(0)
  })

  it('ends at once at a second signal', async () => {
    const { baseUrl, child, ended } = await startProxy()
    const socket = new WebSocket(`${baseUrl.replace('http', 'ws')}${STREAM}`)
    socket.on('error', () => {})
    await once(socket, 'open')
    child.kill('SIGTERM')
    await waitUntil(
      () =>
        fetch(baseUrl).then(
          () => false,
          () => true,
        ),
      () => 'it went on listening',
    )
    child.kill('SIGTERM')
    expect(await ended).toBe(143)
  })

  it.skipIf(process.platform !== 'linux')(
    'streams 200 MB in memory that stays flat (needs /proc)',
    async () => {
      const { baseUrl, child } = await startProxy()
      const peak = () =>
        Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
      await post(baseUrl, stream(1))
      const before = peak()
      const response = await post(baseUrl, stream(200))
      expect(await response.json()).toEqual({ received_bytes: 200 * MEGABYTE })
      expect(peak() - before).toBeLessThan(100)
    },
  )
})

describe('exec --proxy', () => {
  const exec = (script: string, args: readonly string[] = [], env = environment()) =>
    runProcess(
      process.execPath,
      [COMMAND, 'exec', '--proxy', ...args, '--', process.execPath, '-e', script],
      env,
    )

  it('gives the command a base URL with a secret, and neither key nor token', async () => {
    const script = `
      const { INTERHUMAN_API_URL: url } = process.env
      const names = Object.keys(process.env).filter((name) => name.startsWith('INTERHUMAN_'))
      const response = await fetch(url + '${UPLOAD}', { method: 'POST', body: 'four' })
      const noProxy = [process.env.NO_PROXY, process.env.no_proxy]
      console.log(JSON.stringify({ url, names, noProxy, answer: await response.json() }))
      process.exitCode = 7`
    const env = environment({
      INTERHUMAN_ACCESS_TOKEN: 'LEAKother',
      HTTP_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: 'x',
    })
    const { code, stdout, stderr } = await exec(`(async () => {${script}})()`, [], env)
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' })
    const { url, names, noProxy, answer } = JSON.parse(stdout)
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}$/)
    expect(names).toEqual(['INTERHUMAN_API_URL'])
    expect(noProxy).toEqual(['x,127.0.0.1', 'x,127.0.0.1'])
    expect(answer).toEqual({ received_bytes: 4 })
    await expect(fetch(url)).rejects.toThrow()
  })

  it('ends as its command does, by a signal too, and leaves nothing behind', async () => {
    const { code, stdout } = await exec('process.kill(process.pid, "SIGKILL")')
    expect([code, stdout]).toEqual([null, ''])
  })
})

it('no secret, no token and no base URL stands in what any of them wrote, nor in the service’s log', () => {
  const secrets = [service.keySecret, ...baseUrls.map((url) => new URL(url).pathname.slice(1)), 'LEAK']
  expect(api.tokens.size).toBeGreaterThan(0)
  for (const token of api.tokens) secrets.push(...token.split('.'))
  for (const secret of secrets.filter((each) => each !== ''))
    expect(written + service.logs()).not.toContain(secret)
})
