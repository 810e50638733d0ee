import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answer, startRawServer } from '../support/raw-server.ts'
import { BIN, runCommand, temporaryFolder } from '../support/run-command.ts'

const GRANT =
  '{"access_token":"t","token_type":"Bearer","expires_in":900,"scope":"interhumanai.upload interhumanai.stream"}'
const FAKE = new URL('../support/fake-keyring.mjs', import.meta.url).href
const key = 'ihk_LEAKid\nLEAK-secret-"ü\\-end\n'

/** A home whose keychain is the fake of the module that is not ours; its process, pipes and time-out are the real ones. */
function home(more: Readonly<Record<string, string>> = {}) {
  const HOME = temporaryFolder()
  const items = join(HOME, 'items.json')
  const env = {
    HOME,
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere',
    NODE_OPTIONS: `--import ${FAKE}`,
    FAKE_KEYRING: items,
    ...more,
  }
  const auth = async (args: string, options: { stdin?: string; env?: Record<string, string> } = {}) => {
    const ended = await runCommand(args.split(' '), {
      ...options,
      env: { ...env, ...options.env },
      cwd: HOME,
    })
    expect(ended.stdout.toString() + ended.stderr).not.toContain('LEAK')
    return { code: ended.code, stdout: ended.stdout.toString(), stderr: ended.stderr }
  }
  return { HOME, items, auth }
}

async function api() {
  const server = await startRawServer(answer(200, GRANT))
  onTestFinished(server.stop)
  return server
}

describe('the keychain', () => {
  test('takes id, secret and address as one item, is the last source, and is emptied by logout', async () => {
    const { url, requests } = await api()
    const { HOME, items, auth } = home()
    expect(await auth(`login --store keychain --api-url ${url}`, { stdin: key })).toEqual({
      code: 0,
      stdout: `the key works at ${url}, for interhumanai.upload and interhumanai.stream\nstored in the keychain\n`,
      stderr: '',
    })
    const stored: Record<string, string> = JSON.parse(readFileSync(items, 'utf8'))
    expect(Object.keys(stored)).toEqual(['interhuman-auth/api-key'])
    expect(JSON.parse(Object.values(stored)[0] ?? '')).toEqual({
      INTERHUMAN_KEY_ID: 'ihk_LEAKid',
      INTERHUMAN_KEY_SECRET: 'LEAK-secret-"ü\\-end',
      INTERHUMAN_API_URL: url,
    })
    expect(existsSync(join(HOME, '.config/interhuman/credentials.env'))).toBe(false)

    expect(await auth('token --scope s')).toMatchObject({ code: 0, stdout: GRANT })
    expect(JSON.parse(requests.at(-1)?.body ?? '').key_secret).toBe('LEAK-secret-"ü\\-end')
    expect(await auth('token --scope s --api-url https://elsewhere.example')).toMatchObject({
      code: 7,
      stderr: expect.stringContaining('the key from keychain goes only to the address stored with it'),
    })
    expect((await auth('check')).stdout).toMatch(/^keychain: holds a credential\nused: keychain\n/m)

    expect((await auth('logout')).stdout).toMatch(/^removed the key from the keychain$/m)
    expect(existsSync(items)).toBe(false)
    expect((await auth('logout --store keychain')).stdout).toBe('the keychain held no key\n')
  })

  test('is not asked where a source before it holds a credential, unless check is told to', async () => {
    const { url } = await api()
    const env = { INTERHUMAN_KEY_ID: 'i', INTERHUMAN_KEY_SECRET: 's', INTERHUMAN_API_URL: url }
    const { auth } = home({ FAKE_KEYRING_FAULT: 'broken' })
    expect((await auth('token --scope s', { env })).code).toBe(0)
    expect((await auth('check --keychain', { env })).stdout).toMatch(
      /^keychain: cannot be asked: it cannot be used$/m,
    )
  })

  test.each([
    ['locked', 'it is locked'],
    ['broken', 'it cannot be used'],
  ])('that is %s is said to be, and nothing is stored anywhere instead', async (fault, problem) => {
    const { HOME, auth } = home({ FAKE_KEYRING_FAULT: fault })
    const { code, stdout, stderr } = await auth('login --store keychain', { stdin: key })
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toContain(`did not take the key: ${problem}; nothing was stored`)
    expect(existsSync(join(HOME, '.config'))).toBe(false)
    expect(await auth('token --scope s')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`(the keychain was not read: ${problem})`),
    })
  })

  test('holds what is not of our form: refused, and not taken apart', async () => {
    const { items, auth } = home()
    for (const item of ['{"INTERHUMAN_KEY_ID":1}', '{"INTERHUMAN_KEY_ID":"LEAK"}']) {
      writeFileSync(items, JSON.stringify({ 'interhuman-auth/api-key': item }))
      const { code, stderr } = await auth('token --scope s')
      expect([code, stderr]).toEqual([3, expect.stringContaining('the keychain holds')])
    }
  })
})

describe('the real package', () => {
  test('with a bus that never answers: ends in time, and stores nothing', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'bus')
    const sockets = new Set<Socket>()
    const bus = createServer((socket) => sockets.add(socket.on('error', () => {})))
    await new Promise<void>((resolve) => bus.listen(path, resolve))
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      bus.close()
    })
    const { code, stderr } = await runCommand(['login', '--store', 'keychain'], {
      env: { HOME: folder, DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` },
      stdin: key,
    })
    expect([code, stderr]).toEqual([3, expect.stringContaining('it gave no answer within 2 s')])
    expect(sockets.size).toBeGreaterThan(0)
    expect(existsSync(join(folder, '.config'))).toBe(false)
  })

  const parts = ['/usr/bin/dbus-run-session', '/usr/bin/gnome-keyring-daemon']
  test.skipIf(!parts.every((part) => existsSync(part)))(
    'with a real secret service: stores, finds and removes (needs dbus-run-session and gnome-keyring-daemon)',
    async () => {
      const { url, requests } = await api()
      const HOME = temporaryFolder()
      // The daemon goes when its bus does, which is with the shell.
      const script = `
        printf 'password\\n' | gnome-keyring-daemon --unlock --components=secrets >"$HOME/daemon" 2>&1
        auth() { "${process.execPath}" "${BIN}" "$@"; }
        auth login --store keychain --api-url ${url} <key && auth token --scope s && auth logout`
      writeFileSync(join(HOME, 'key'), key)
      const { code, stdout, stderr } = await runCommand(['--', '/bin/sh', '-c', script], {
        program: '/usr/bin/dbus-run-session',
        env: { HOME, XDG_RUNTIME_DIR: HOME, PATH: '/usr/bin:/bin' },
        cwd: HOME,
      })
      const lines = stdout.toString().split('\n')
      expect([code, stderr.match(/^interhuman-auth: .*/gm)]).toEqual([0, null])
      expect(lines[1]).toBe('stored in the keychain')
      expect(lines[2]).toBe(`${GRANT}${HOME}/.config/interhuman/credentials.env held no key`)
      expect(lines[3]).toBe('removed the key from the keychain')
      expect(JSON.parse(requests.at(-1)?.body ?? '').key_secret).toBe('LEAK-secret-"ü\\-end')
    },
  )
})
