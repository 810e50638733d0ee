import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answer, startRawServer } from './support/raw-server.ts'
import { BIN, runCommand, temporaryFolder } from './support/run-command.ts'

// What stands in a command line is seen by every user of the machine.

const FAKE = new URL('support/fake-keyring.mjs', import.meta.url).href
const SCOPE = 'interhumanai.upload'

/** A key and a token of this test alone, so that they can be looked for in all the processes of a machine. */
async function setUp() {
  const KEY = {
    id: `ihk_LEAK${randomUUID()}`,
    secret: `LEAK-secret-${randomUUID()}`,
    token: `LEAK.${randomUUID()}`,
  }
  const seen: string[] = []
  const grant = { access_token: KEY.token, token_type: 'Bearer', expires_in: 900, scope: SCOPE }
  const server = await startRawServer((socket, request) => {
    seen.push(readCommandLines())
    answer(200, JSON.stringify(grant))(socket, request)
  })
  onTestFinished(server.stop)
  const HOME = temporaryFolder()
  const env = { HOME, PATH: '/usr/bin:/bin' }
  const key = { INTERHUMAN_KEY_ID: KEY.id, INTERHUMAN_KEY_SECRET: KEY.secret, INTERHUMAN_API_URL: server.url }
  /** Says how often one was looked, and by how many a secret or a token was seen then. */
  const look = (marker: string, ...more: readonly string[]) => {
    const secrets = [KEY.secret, KEY.token, ...more]
    return {
      looked: seen.length,
      marked: seen.filter((text) => text.includes(marker)).length,
      leaked: seen.filter((text) => secrets.some((secret) => text.includes(secret))).length,
    }
  }
  return { ...KEY, HOME, env, key, seen, server, look }
}

/** The command lines of every process there is. */
function readCommandLines(): string {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(readCommandLine).join('\n')
}

function readCommandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return '' // It has ended.
  }
}

describe.skipIf(!existsSync('/proc/self/cmdline'))(
  'no process has a secret or a token among its arguments (needs /proc)',
  () => {
    test('while login proves a key', async () => {
      const { id, secret, env, server, look } = await setUp()
      const { code } = await runCommand(['login', '--api-url', server.url], {
        env,
        stdin: `${id}\n${secret}\n`,
      })
      expect([code, look('interhuman-auth.js login ')]).toEqual([0, { looked: 1, marked: 1, leaked: 0 }])
    })

    test('while exec asks for a token, and while its command runs', async () => {
      const { env, key, seen, look } = await setUp()
      const { code, stdout } = await runCommand(
        ['exec', '--scope', SCOPE, '--', 'sh', '-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null; : the command'],
        { env: { ...env, ...key } },
      )
      seen.push(stdout.toString())
      expect([code, look('the command')]).toEqual([0, { looked: 2, marked: 2, leaked: 0 }])
    })

    test('while the command of exec --proxy runs, nor is the secret of that run', async () => {
      const { env, key, seen, look } = await setUp()
      const { code, stdout } = await runCommand(
        [
          'exec',
          '--proxy',
          '--',
          'sh',
          '-c',
          'echo "$INTERHUMAN_API_URL"; cat /proc/[0-9]*/cmdline 2>/dev/null; : the command',
        ],
        { env: { ...env, ...key } },
      )
      const [url = '', ...rest] = stdout.toString().split('\n')
      seen.push(rest.join('\n'))
      const own = new URL(url).pathname
      expect(own.length).toBeGreaterThan(20)
      expect([code, look('the command', own)]).toEqual([0, { looked: 1, marked: 1, leaked: 0 }])
    })

    test('while a proxy gets a token and carries it, nor is the secret of that run', async () => {
      const { env, key, look } = await setUp()
      const proxy = spawn(process.execPath, [BIN, 'proxy', '--scope', SCOPE], {
        env: { ...env, ...key },
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 30_000,
      })
      onTestFinished(() => void proxy.kill('SIGKILL'))
      const [baseUrl] = await once(createInterface(proxy.stdout), 'line')
      const response = await fetch(`${baseUrl}/v0/upload/analyze`, { method: 'POST', body: 'x' })
      const seen = look('interhuman-auth.js proxy ', new URL(baseUrl).pathname)
      expect([response.status, seen]).toEqual([200, { looked: 2, marked: 2, leaked: 0 }])
    })
  },
)

test('no process is started with a secret while the keychain stores a key, gives it and loses it', async () => {
  const { id, secret, token, HOME, env, server } = await setUp()
  const starts = join(HOME, 'starts')
  const keychain = {
    ...env,
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere',
    NODE_OPTIONS: `--import ${FAKE}`,
    FAKE_KEYRING: join(HOME, 'items.json'),
    FAKE_KEYRING_STARTS: starts,
  }
  const run = async (args: readonly string[], stdin = '') =>
    (await runCommand(args, { env: keychain, stdin })).code
  expect(await run(['login', '--store', 'keychain', '--api-url', server.url], `${id}\n${secret}\n`)).toBe(0)
  expect(await run(['token', '--scope', SCOPE])).toBe(0)
  expect(await run(['logout', '--store', 'keychain'])).toBe(0)
  const lines = readFileSync(starts, 'utf8')
  const actions = [...lines.matchAll(/keychain-child\.js","(\w+)"/g)].map(([, action]) => action)
  expect(actions).toEqual(['read', 'write', 'read', 'remove'])
  expect([id, secret, token].filter((each) => lines.includes(each))).toEqual([])
})
