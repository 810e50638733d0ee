import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ERRORS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { expectError, expectToken } from './support/contract-body.ts'
import { formatRequest, openSocket, readExchange, sendRaw } from './support/raw-http.ts'
import {
  cleanEnvironment,
  parseLogs,
  type RunningService,
  runService,
  SERVICE_COMMAND,
  startService,
  waitUntil,
} from './support/start-service.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

let parent: string
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'interhuman-auth-start-'))
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

const dataDir = () => join(parent, 'data')
const database = () => join(dataDir(), 'interhuman-auth.db')
const start = (args: readonly string[] = [], env: Record<string, string> = {}) =>
  runService(['start', '--first-key', '--port', '0', '--data-dir', dataDir(), ...args], env)

/** Every file of a folder: name, mode, time of the last change, bytes. */
const snapshot = (folder: string) =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => !statSync(join(folder, name)).isDirectory())
    .map((name) => {
      const path = join(folder, name)
      const { mode, mtimeMs } = statSync(path)
      return { name, mode, mtimeMs, bytes: readFileSync(path).toString('base64') }
    })

/** Holds a start to one clear line, an exit code of 1 and an untouched folder. */
async function expectRefused(message: RegExp, begin: () => ReturnType<typeof start> = start): Promise<void> {
  const before = snapshot(parent)
  const { code, stdout, stderr } = await begin()
  expect(stderr).toMatch(/^interhuman-auth-service: [^\n]+\n$/)
  expect(stderr).toMatch(message)
  expect(stderr).not.toContain('LEAK')
  expect(stdout).toBe('')
  expect(code).toBe(1)
  expect(snapshot(parent)).toEqual(before)
}

/** A data folder that a service has used and left. */
async function usedFolder(args: readonly string[] = []): Promise<RunningService> {
  const service = await startService({ dataDir: dataDir(), args })
  expect(await service.stop()).toBe(0)
  return service
}

describe('a start that cannot be says so in one line, ends with 1 and touches nothing', () => {
  test('a taken port, also for a new data folder, which is not made', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const taken = () => start(['--port', String(port)])
    await expectRefused(new RegExp(`port ${port} on 127\\.0\\.0\\.1 is taken`), taken)
    expect(existsSync(dataDir())).toBe(false)
    await usedFolder()
    await expectRefused(/is taken/, taken)
    server.close()
  })

  test('an address that this machine does not have', async () => {
    await expectRefused(/cannot listen on 192\.0\.2\.1 port 0/, () => start(['--host', '192.0.2.1']))
    expect(existsSync(dataDir())).toBe(false)
  })

  test('a file in the place of the data folder, or above it', async () => {
    writeFileSync(dataDir(), 'LEAK')
    await expectRefused(/the data folder \S+ cannot be made \(EEXIST\)/)
    await expectRefused(/cannot be made \(ENOTDIR\)/, () => start(['--data-dir', join(dataDir(), 'below')]))
  })

  test.skipIf(!isRoot)(
    'a data folder that the user may not write to, or may not make (needs root, to be another user)',
    async () => {
      chmodSync(parent, 0o755)
      const asNobody = async (folder: string) => {
        const child = spawn(
          process.execPath,
          [SERVICE_COMMAND, 'start', '--port', '0', '--data-dir', folder],
          {
            uid: NOBODY,
            gid: NOBODY,
            env: cleanEnvironment(),
            stdio: ['ignore', 'pipe', 'pipe'],
            timeout: 20_000,
          },
        )
        let stdout = ''
        let stderr = ''
        child.stdout.on('data', (chunk) => {
          stdout += chunk
        })
        child.stderr.on('data', (chunk) => {
          stderr += chunk
        })
        const [code] = await once(child, 'close')
        return { code: code as number | null, stdout, stderr }
      }
      await expectRefused(/the data folder \S+ cannot be made \(EACCES\)/, () => asNobody(dataDir()))
      mkdirSync(dataDir(), { mode: 0o500 })
      chownSync(dataDir(), NOBODY, NOBODY)
      await expectRefused(/the data folder \S+ is not writable \(EACCES\)/, () => asNobody(dataDir()))
      chmodSync(dataDir(), 0o700)
      writeFileSync(database(), 'LEAK', { mode: 0o600 })
      await expectRefused(/interhuman-auth\.db cannot be read \(EACCES\)/, () => asNobody(dataDir()))
    },
  )

  test('a data folder that others may enter', async () => {
    await usedFolder()
    chmodSync(dataDir(), 0o755)
    await expectRefused(/is open to others \(mode 755\); run chmod 700 on it/)
  })

  test('a data folder that a newer version made', async () => {
    await usedFolder()
    const db = new Database(database())
    db.pragma('user_version = 99')
    db.close()
    await expectRefused(/was made by a newer version \(schema 99, this program knows \d+\); use that version/)
  })

  test('a damaged database: garbage, cut short, another program’s', async () => {
    await usedFolder()
    truncateSync(database(), statSync(database()).size - 4096)
    await expectRefused(/is damaged or not a database; put a backup in its place/)
    writeFileSync(database(), 'LEAK'.repeat(5000))
    await expectRefused(/is damaged or not a database/)
    rmSync(database())
    const db = new Database(database())
    db.exec('create table other (a)')
    db.close()
    await expectRefused(/is the database of another program; name another data folder/)
  })

  test('a master key that is missing, wrong, weak, or open to others', async () => {
    await usedFolder()
    const file = join(dataDir(), 'master.key')
    const key = readFileSync(file, 'utf8')
    chmodSync(file, 0o644)
    await expectRefused(/can be read by others \(mode 644\); run chmod 600 on it/)
    chmodSync(file, 0o600)
    writeFileSync(file, 'LEAK-too-short')
    await expectRefused(/does not hold 32 bytes in base64url/)
    writeFileSync(file, `${key.trim().split('').reverse().join('').replace(/^./, 'A').replace(/.$/, 'A')}\n`)
    await expectRefused(/the master key does not open the signing keys of this store; put the right one back/)
    rmSync(file)
    await expectRefused(/master\.key is missing; put it back from a backup/)
    await expectRefused(/master key file \S+ is missing/, () =>
      start(['--master-key-file', join(parent, 'no')]),
    )
    const weak = { INTERHUMAN_AUTH_MASTER_KEY: 'LEAK' }
    await expectRefused(/the master key in the environment does not hold 32 bytes/, () => start([], weak))
  })

  test('another issuer than the one that is settled, with another algorithm at the same time', async () => {
    await usedFolder(['--issuer', 'https://first.test'])
    const other = ['--issuer', 'https://second.test', '--algorithm', 'EdDSA']
    await expectRefused(/the issuer of this store is settled as https:\/\/first\.test/, () => start(other))
  })

  test('a setting that is wrong or unknown', async () => {
    await expectRefused(/^interhuman-auth-service: --port must be a whole number/, () =>
      start(['--port', 'LEAK']),
    )
    const unknown = { INTERHUMAN_AUTH_LEAF: 'LEAK' }
    await expectRefused(/INTERHUMAN_AUTH_LEAF is not a setting/, () => start([], unknown))
    expect(existsSync(dataDir())).toBe(false)
  })
})

test('a first key that cannot be written as a file is not made, and the start ends', async () => {
  mkdirSync(join(dataDir(), 'first-key.env'), { recursive: true, mode: 0o700 })
  const { code, stderr } = await start()
  expect(code).toBe(1)
  expect(stderr).toMatch(/^interhuman-auth-service: \S+first-key\.env cannot be written \(EISDIR\)\n$/)
  const listed = await runService(['keys', 'list', '--json', '--data-dir', dataDir()])
  expect(JSON.parse(listed.stdout)).toEqual({ keys: [], next: null })
  expect(readdirSync(dataDir()).filter((name) => name.startsWith('first-key'))).toEqual(['first-key.env'])
})

test('a secret in a wrong place of the command line is not repeated, and the exit code is 2', async () => {
  for (const args of [
    ['start', '--master-key', 'LEAK'],
    ['ih_live_LEAK'],
    ['keys', 'create', '--name', 'n', '--scope', 'ih_live_LEAK'],
    ['keys', 'create', '--name', 'n', '--scope', UPLOAD_SCOPE, '--api-url', 'https://u:LEAK@a.test'],
  ]) {
    const { code, stdout, stderr } = await runService([...args, '--data-dir', dataDir()])
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^interhuman-auth-service: [^\n]+; see interhuman-auth-service --help\n$/)
    expect(stderr).not.toContain('LEAK')
  }
  await usedFolder()
  const { code, stderr } = await runService(['keys', 'show', 'ih_live_LEAK', '--data-dir', dataDir()])
  expect(code).toBe(1)
  expect(stderr).not.toContain('LEAK')
})

/** The machine's own, or the one that the matrix of `npm test` brings. */
const oldNode = [
  '/usr/bin/node',
  '/usr/local/bin/node',
  join(ROOT, `tools/runtimes/node-20/node_modules/node-${process.platform}-${process.arch}/bin/node`),
].find((path) => {
  const [major = 0, minor = 0] =
    spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout?.split('.').map(Number) ??
    []
  return major > 0 && (major < 22 || (major === 22 && minor < 13))
})

test.skipIf(oldNode === undefined)(
  'a Node that is too old gets one line, before anything native is loaded (needs a Node before 22.13)',
  () => {
    const { status, stdout, stderr } = spawnSync(
      oldNode ?? '',
      [SERVICE_COMMAND, 'start', '--data-dir', dataDir()],
      { encoding: 'utf8' },
    )
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(
      /^interhuman-auth-service: Node \d+\.\d+\.\d+ is too old; use Node 22\.13 or newer\n$/,
    )
    expect(existsSync(dataDir())).toBe(false)
  },
)

describe('a first start', () => {
  test('a second one makes no second key and says so; the first one goes on working', async () => {
    const first = await usedFolder()
    const files = () =>
      [join(dataDir(), 'first-key.env'), join(dataDir(), 'master.key')].map((file) =>
        readFileSync(file, 'utf8'),
      )
    const before = files()
    const second = await startService({ dataDir: dataDir() })
    const said = parseLogs(second.logs()).find(({ event }) => event === 'first_key')
    expect(said).toMatchObject({ created: false, credentialsFile: join(dataDir(), 'first-key.env') })
    expect(files()).toEqual(before)
    const listed = JSON.parse((await second.keys('list', '--json')).stdout)
    expect(listed.keys).toHaveLength(1)
    const body = { key_id: first.keyId, key_secret: first.keySecret, scopes: [UPLOAD_SCOPE] }
    const { responses } = await sendRaw(second.url, formatRequest('/v0/auth', JSON.stringify(body)), {
      count: 1,
    })
    expectToken(responses[0], UPLOAD_SCOPE)
    expect(await second.stop()).toBe(0)
  })

  test('two at once on one new folder come up both, with one first key, one master key, one set of signing keys', async () => {
    const services = await Promise.all([1, 2].map(() => startService({ dataDir: dataDir() })))
    const created = services.map(
      (service) => parseLogs(service.logs()).find(({ event }) => event === 'first_key')?.created,
    )
    expect(created.sort()).toEqual([false, true])
    const [first] = services
    expect(JSON.parse((await first?.keys('list', '--json'))?.stdout ?? '').keys).toHaveLength(1)
    const keySets = await Promise.all(
      services.map(async ({ url }) => (await fetch(`${url}/.well-known/jwks.json`)).text()),
    )
    expect(new Set(keySets).size).toBe(1)
    expect(
      readdirSync(dataDir())
        .filter((name) => !/^interhuman-auth\.db(?:-wal|-shm)?$/.test(name))
        .sort(),
    ).toEqual(['first-key.env', 'master.key'])
    for (const service of services) expect(await service.stop()).toBe(0)
  })

  test('the folder is 0700 and every file in it 0600, whatever the umask', async () => {
    const previous = process.umask(0)
    const service = await startService({ dataDir: dataDir() }).finally(() => process.umask(previous))
    await service.keys(
      'create',
      '--name',
      'n',
      '--scope',
      UPLOAD_SCOPE,
      '--credentials-file',
      join(dataDir(), 'a.env'),
    )
    expect((statSync(dataDir()).mode & 0o777).toString(8)).toBe('700')
    const modes = readdirSync(dataDir()).map((name) => [
      name,
      (statSync(join(dataDir(), name)).mode & 0o777).toString(8),
    ])
    expect(modes.map(([name]) => name)).toEqual([
      'a.env',
      'first-key.env',
      'interhuman-auth.db',
      'interhuman-auth.db-shm',
      'interhuman-auth.db-wal',
      'master.key',
    ])
    for (const [, mode] of modes) expect(mode).toBe('600')
    expect(await service.stop()).toBe(0)
  })

  test('without --first-key no key is made', async () => {
    const child = spawn(
      process.execPath,
      [SERVICE_COMMAND, 'start', '--port', '0', '--data-dir', dataDir()],
      { env: cleanEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let logs = ''
    child.stderr.on('data', (chunk) => {
      logs += chunk
    })
    await waitUntil(
      () => logs.includes('listening'),
      () => logs,
    )
    child.kill('SIGTERM')
    expect((await once(child, 'close'))[0]).toBe(0)
    expect(existsSync(join(dataDir(), 'first-key.env'))).toBe(false)
  })
})

describe('a stop', () => {
  const signals = ['SIGTERM', 'SIGINT'] as const
  const ended = async (service: RunningService) => {
    const alive = () => {
      try {
        return process.kill(service.pid, 0)
      } catch {
        return false
      }
    }
    await waitUntil(
      () => !alive(),
      () => 'the service did not end',
    )
    return service.stop()
  }
  const request = (service: RunningService, body?: string) =>
    formatRequest(
      '/v0/auth',
      body ??
        JSON.stringify({ key_id: service.keyId, key_secret: service.keySecret, scopes: [UPLOAD_SCOPE] }),
    )

  test.each(signals)(
    '%s: every request in flight is answered, on kept connections too, and the exit code is 0',
    async (signal) => {
      const service = await startService()
      const idle = openSocket(service.url)
      idle.write(request(service))
      expectToken((await readExchange(idle, 1, { keep: true })).responses[0], UPLOAD_SCOPE)
      const idleEnd = readExchange(idle)
      const inFlight = [request(service), request(service, '{}'), request(service)].map((bytes) => {
        const socket = openSocket(service.url)
        socket.write(bytes.subarray(0, bytes.length - 1))
        return { socket, rest: bytes.subarray(bytes.length - 1), exchange: readExchange(socket) }
      })
      // A kept connection that is busy with its second request.
      const kept = openSocket(service.url)
      kept.write(request(service))
      await readExchange(kept, 1, { keep: true })
      kept.write(request(service).subarray(0, 60))
      const keptExchange = readExchange(kept)
      await new Promise((resolve) => setTimeout(resolve, 200))

      process.kill(service.pid, signal)
      expect((await idleEnd).responses).toEqual([])
      for (const { socket, rest } of inFlight) socket.write(rest)
      kept.write(request(service).subarray(60))
      const answers = await Promise.all([...inFlight.map(({ exchange }) => exchange), keptExchange])
      expect(answers.map(({ responses, error }) => [responses.map(({ status }) => status), error])).toEqual([
        [[200], undefined],
        [[400], undefined],
        [[200], undefined],
        [[200], undefined],
      ])
      expect(await ended(service)).toBe(0)
      expect(
        parseLogs(service.logs())
          .map(({ event }) => event)
          .slice(-6),
      ).toEqual(['stopping', 'request', 'request', 'request', 'request', 'stopped'])
    },
  )

  test('a request that does not come to its end holds it up no longer than the shutdown time-out', async () => {
    const service = await startService({
      args: ['--shutdown-timeout-ms', '300', '--request-timeout-ms', '60000'],
    })
    const socket = openSocket(service.url)
    socket.write(request(service).subarray(0, 200))
    const exchange = readExchange(socket)
    await new Promise((resolve) => setTimeout(resolve, 100))
    process.kill(service.pid, 'SIGTERM')
    await exchange
    expect(await ended(service)).not.toBeNull()
  })

  test('a reader of the log that has gone away does not end the service', async () => {
    const child = spawn(
      process.execPath,
      [SERVICE_COMMAND, 'start', '--first-key', '--port', '0', '--data-dir', dataDir()],
      { env: cleanEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let logs = ''
    child.stderr.on('data', (chunk) => {
      logs += chunk
    })
    await waitUntil(
      () => logs.includes('listening'),
      () => logs,
    )
    const url = String(parseLogs(logs).find(({ event }) => event === 'listening')?.url)
    child.stderr.destroy()
    for (let count = 0; count < 5; count += 1) {
      const { responses } = await sendRaw(url, formatRequest('/v0/auth', '{}'), { count: 1 })
      expectError(responses[0], ERRORS.keyIdAbsent, '/v0/auth')
      await new Promise((resolve) => setTimeout(resolve, 120))
    }
    child.kill('SIGTERM')
    expect((await once(child, 'close'))[0]).toBe(0)
  })
})

describe('limits by configuration', () => {
  let service: RunningService
  beforeAll(async () => {
    service = await startService({
      args: [
        '--max-body-bytes',
        '2048',
        '--max-header-bytes',
        '2048',
        '--max-connections',
        '3',
        '--keep-alive-timeout-ms',
        '300',
      ],
      env: { INTERHUMAN_AUTH_REQUEST_TIMEOUT_MS: '300' },
    })
  })
  afterAll(() => service.stop())
  const ask = async (bytes: Buffer) => (await sendRaw(service.url, bytes, { count: 1 })).responses[0]
  const head = (line: string) => formatRequest('/v0/auth', '{}', { headers: [line] })

  test('the body', async () => {
    expectError(await ask(formatRequest('/v0/auth', '{}'.padEnd(2048))), ERRORS.keyIdAbsent, '/v0/auth')
    expectError(await ask(formatRequest('/v0/auth', '{}'.padEnd(2049))), ERRORS.bodyTooLarge, '/v0/auth')
  })

  test('the headers', async () => {
    expectError(await ask(head(`X: ${'a'.repeat(1500)}`)), ERRORS.keyIdAbsent, '/v0/auth')
    expectError(await ask(head(`X: ${'a'.repeat(2100)}`)), ERRORS.headersTooLarge, '/v0/auth')
  })

  test('the time, for a request to arrive and for a connection to lie idle', async () => {
    const slow = await ask(formatRequest('/v0/auth', '{}').subarray(0, 80))
    expect(slow?.status).toBe(408)
    const { responses, error } = await sendRaw(service.url, formatRequest('/v0/auth', '{}'))
    expect([responses.length, error]).toEqual([1, undefined])
  })

  test('the connections: one too many is closed at once, and comes in when another has gone', async () => {
    const sockets = Array.from({ length: 3 }, () => openSocket(service.url))
    const first = sockets.map((socket) => {
      socket.write(formatRequest('/v0/auth', '{}').subarray(0, 60))
      return once(socket, 'connect')
    })
    await Promise.all(first)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const refused = await sendRaw(service.url, formatRequest('/v0/auth', '{}'))
    expect(refused.responses).toEqual([])
    for (const socket of sockets) socket.destroy()
    await waitUntil(
      async () => (await ask(formatRequest('/v0/auth', '{}')))?.status === 400,
      () => 'no connection came free',
    )
  })
})
