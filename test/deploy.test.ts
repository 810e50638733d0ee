import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type RequestOptions, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { hasNginx, startNginx } from './support/start-nginx.ts'
import { runService, startService } from './support/start-service.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DEPLOY = join(ROOT, 'deploy')
const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-deploy-'))
afterAll(() => rmSync(folder, { recursive: true }))

const read = (file: string) => readFileSync(join(DEPLOY, file), 'utf8')
const run = (program: string, ...args: readonly string[]) => {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return { missing: error !== undefined, status, text: `${stdout}${stderr}` }
}

describe('the alert rules', () => {
  test('are rules, and fire when they should', (context) => {
    const checked = run('promtool', 'check', 'rules', join(DEPLOY, 'prometheus/alerts.yml'))
    context.skip(checked.missing, 'no promtool on this machine (Debian: prometheus)')
    expect(checked).toMatchObject({ status: 0, text: expect.stringContaining('SUCCESS') })
    const tested = run('promtool', 'test', 'rules', join(DEPLOY, 'prometheus/alerts.test.yml'))
    expect(tested).toMatchObject({ status: 0, text: expect.stringContaining('SUCCESS') })
  })

  test('each have a unit test', () => {
    const alerts = [...read('prometheus/alerts.yml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
    expect(alerts.filter((name) => !read('prometheus/alerts.test.yml').includes(`${name}`))).toEqual([])
    expect(alerts.length).toBeGreaterThan(10)
  })
})

test('every query of the dashboard is one', (context) => {
  const queries = dashboardQueries().map((query) =>
    query.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'),
  )
  const rules = queries.map((expr, index) => ({ record: `q:${index}`, expr }))
  const file = join(folder, 'dashboard.yml')
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
  const checked = run('promtool', 'check', 'rules', file)
  context.skip(checked.missing, 'no promtool on this machine (Debian: prometheus)')
  expect(checked).toMatchObject({ status: 0, text: expect.stringContaining(`${queries.length} rules found`) })
})

function dashboardQueries(): string[] {
  const { panels } = JSON.parse(read('grafana/dashboard.json')) as {
    panels: { targets: { expr: string }[] }[]
  }
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
}

describe('the systemd unit', () => {
  const unit = join(folder, 'interhuman-auth.service')
  // Whoever verifies looks for the program.
  writeFileSync(
    unit,
    read('systemd/interhuman-auth.service').replace(
      /^ExecStart=\S+ (.*?)\/opt\/interhuman-auth\//m,
      (_line, options) => `ExecStart=${process.execPath} ${options}${ROOT}`,
    ),
  )

  test('is one, and what it starts is there', (context) => {
    const verified = run('systemd-analyze', 'verify', '--man=no', unit)
    context.skip(verified.missing, 'no systemd-analyze on this machine')
    expect(verified.status).toBe(0)
    expect(verified.text).not.toContain('interhuman-auth.service')
    const program = /ExecStart=\S+ (?:-\S+ )*(\S+) start/.exec(readFileSync(unit, 'utf8'))?.[1]
    expect(existsSync(program ?? '')).toBe(true)
  })

  test('exposes little: at most 2 of 10 by systemd’s own measure', (context) => {
    const measured = run(
      'systemd-analyze',
      'security',
      '--offline=true',
      '--threshold=20',
      '--no-pager',
      unit,
    )
    context.skip(measured.missing, 'no systemd-analyze on this machine')
    expect(measured).toMatchObject({ status: 0, text: expect.stringContaining('Overall exposure level') })
  })
})

describe('the Containerfile', () => {
  const text = read('container/Containerfile').replaceAll('\\\n', ' ')
  const instructions = text
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line))
    .map((line) => ({ word: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1).trim() }))
  const last = instructions.slice(instructions.findLastIndex(({ word }) => word === 'FROM'))
  const rest = (word: string) => last.filter((each) => each.word === word).map((each) => each.rest)

  test('runs without root, with a health check, and starts the service by its own command', () => {
    expect(rest('USER')).toEqual(['4747:4747'])
    expect(last.findIndex(({ word }) => word === 'USER')).toBeGreaterThan(
      last.findLastIndex(({ word }) => word === 'RUN'),
    )
    expect(rest('HEALTHCHECK')[0]).toMatch(/CMD \["node", "-e", "fetch\(.*\/health\/live/)
    expect(JSON.parse(rest('ENTRYPOINT')[0] ?? '')).toEqual([
      'node',
      '--max-semi-space-size=8',
      '--max-old-space-size=1024',
      '/app/service/bin/interhuman-auth-service.js',
    ])
    expect(rest('CMD')).toEqual(['["start"]'])
  })

  test('takes files by name, all of which are there, and nothing that could be a secret', () => {
    const copied = instructions
      .filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from'))
      .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1))
    expect(copied).toContain('package-lock.json')
    for (const file of copied) {
      expect(file).toMatch(/^(?:protocol|service)\/\w|^[\w.-]+\.json$/)
      expect(existsSync(join(ROOT, file.replace(/^(\w+)\/dist.*/, '$1')))).toBe(true)
    }
    expect(instructions.some(({ word }) => word === 'ADD' || word === 'ARG')).toBe(false)
    expect(text).not.toMatch(/KEY=|TOKEN=|PASSWORD=|DATABASE_URL=/)
  })

  test('takes every workspace that the service is built of', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'service/package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    const workspaces = Object.keys(manifest.dependencies).filter((name) =>
      name.startsWith('@interhuman-auth/'),
    )
    for (const name of workspaces)
      expect(text).toContain(`/app/${name.replace('@interhuman-auth/', '')}/dist`)
  })
})

test('nginx passes an exchange and the revocation feed on over TLS, says itself who asks, and shows nobody the operator’s API', async (context) => {
  context.skip(!hasNginx(), 'no nginx or no openssl on this machine')
  const service = await startService({ args: ['--trusted-proxies', '127.0.0.1/32'] })
  const nginx = await startNginx(service.url).catch(async (error: unknown) => {
    await service.stop()
    throw error
  })
  try {
    expect(nginx.checked).toMatchObject({ code: 0, text: expect.stringContaining('test is successful') })
    const ask = (path: string, options: RequestOptions = {}, body?: string) =>
      send(`${nginx.url}${path}`, { ca: nginx.certificate, ...options }, body)

    const credentials = {
      key_id: service.keyId,
      key_secret: service.keySecret,
      scopes: ['interhumanai.upload'],
    }
    const headers = {
      'content-type': 'application/json',
      'x-forwarded-for': '203.0.113.7',
      forwarded: 'for=203.0.113.7',
    }
    const issued = await ask('/v0/auth', { method: 'POST', headers }, JSON.stringify(credentials))
    expect(issued.status).toBe(200)
    expect(Object.keys(JSON.parse(issued.body))).toEqual([
      'access_token',
      'token_type',
      'expires_in',
      'scope',
    ])
    expect(issued.headers).toMatchObject({
      'cache-control': 'no-store',
      'strict-transport-security': 'max-age=31536000',
      'x-correlation-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    const tooLarge = await ask('/v0/auth', { method: 'POST', headers }, 'x'.repeat(20_000))
    expect([tooLarge.status, JSON.parse(tooLarge.body).error_id]).toEqual([413, 'ia9012'])
    expect((await ask('/v0/auth?key_secret=LEAK', { method: 'POST', headers }, '{}')).status).toBe(400)
    expect((await ask('/admin/v1/keys')).status).toBe(404)
    expect((await ask('/v1/revocations')).status).toBe(401)
    const verifier = await runService([
      ...['verifiers', 'create', '--name', 'behind nginx', '--json', '--data-dir', service.dataDir],
    ])
    const { verifier_secret: secret } = JSON.parse(verifier.stdout) as { verifier_secret: string }
    const feed = await readFeed(`${nginx.url}/v1/revocations`, {
      ca: nginx.certificate,
      headers: { authorization: `Bearer ${secret}` },
    })
    expect(feed).toMatch(/^event: ready$/m)
    expect(feed).toMatch(/^event: heartbeat$/m)

    const plain = await fetch(`${nginx.plainUrl}/v0/auth`, { method: 'POST', redirect: 'manual' })
    expect([plain.status, plain.headers.get('location')]).toEqual([403, null])

    await service.waitForLogs((logs) => logs.includes('/v1/revocations'))
    expect(service.logs()).not.toContain('203.0.113.7')
    expect(service.logs()).not.toContain('/admin/')
    expect(nginx.accessLog()).toContain('"path":"/v0/auth","status":200')
    expect(nginx.accessLog()).not.toMatch(/LEAK/)
  } finally {
    await nginx.stop()
    await service.stop()
  }
})

/** What comes of a stream up to its first heartbeat: held back by nobody, it comes while the stream is open. */
function readFeed(url: string, options: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { timeout: 10_000, ...options }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        if (!text.includes('event: heartbeat')) return
        resolve(text)
        sent.destroy()
      })
      response.once('end', () => reject(new Error(`the feed ended with ${response.statusCode}: ${text}`)))
    })
    sent.once('timeout', () => sent.destroy(new Error('the feed is silent')))
    sent.once('error', reject)
    sent.end()
  })
}

function send(url: string, options: RequestOptions, body?: string) {
  return new Promise<{ status: number; headers: object; body: string }>((resolve, reject) => {
    const sent = request(url, { timeout: 10_000, ...options }, async (response) => {
      const answer = Buffer.concat(await response.toArray()).toString()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer })
    })
    sent.once('timeout', () => sent.destroy(new Error(`no answer: ${url}`)))
    sent.once('error', reject)
    sent.end(body)
  })
}
