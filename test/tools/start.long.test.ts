import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { findRuntimes } from '../../tools/runtimes/node-binaries.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TIMEOUT_MS = 120_000
const running = new Set<ChildProcess>()
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'start-'))
})
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})
afterAll(() => rm(folder, { recursive: true }))

/** `npm start` without npm, in a data folder of its own. */
function start(dataDir: string, ...args: string[]) {
  const env = {
    ...process.env,
    INTERHUMAN_AUTH_DATA_DIR: dataDir,
    INTERHUMAN_KEY_ID: 'ihk_other',
    INTERHUMAN_KEY_SECRET: 'ih_live_LEAK_other',
    INTERHUMAN_API_URL: 'http://127.0.0.1:1',
  }
  const child = spawn(process.execPath, ['tools/start.mjs', ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    said.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    said.err += chunk
  })
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  async function says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(said.err)
      if (found !== null) return found
      const over = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 25, 'waiting'))])
      if (over !== 'waiting') throw new Error(`it ended with ${over}: ${said.err}`)
    }
  }
  async function stop(signal: NodeJS.Signals) {
    child.kill(signal)
    return ended
  }
  return { said, ended, says, stop }
}

function runOn(node: string, script: string, dataDir: string) {
  const env = { ...process.env, INTERHUMAN_AUTH_DATA_DIR: dataDir }
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(node, [script], { cwd: ROOT, env, timeout: 20_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })
}

function shell(line: string) {
  return new Promise<{ code: number; out: string }>((resolve) => {
    execFile('sh', ['-c', line], { cwd: ROOT, timeout: 20_000 }, (error, out) =>
      resolve({ code: error === null ? 0 : Number(error.code), out }),
    )
  })
}

const hash = (file: string) =>
  readFile(file).then((bytes) => createHash('sha256').update(bytes).digest('hex'))

test(
  'the first start makes a key and shows the exchange; what it says to type next works; the second makes no key',
  async () => {
    const dataDir = path.join(folder, 'first')
    const first = start(dataDir, '--port', '0')
    const [, url = ''] = await first.says(/listens on (http:\/\/127\.0\.0\.1:\d+)\n/)
    await first.says(/To stop/)
    const file = path.join(dataDir, 'first-key.env')
    expect(first.said.err).toContain('interhuman-auth: made the first key\n')
    expect(first.said.err).toContain(`the credentials file is ${file}\n`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)

    const response = JSON.parse(first.said.out)
    expect(Object.keys(response)).toEqual(['access_token', 'token_type', 'expires_in', 'scope'])
    expect(response.scope).toBe('interhumanai.upload interhumanai.stream')
    expect(first.said.out).toBe(JSON.stringify(response))
    const secret = /^INTERHUMAN_KEY_SECRET=(.+)$/m.exec(await readFile(file, 'utf8'))?.[1] ?? 'none'
    expect(first.said.err).not.toContain(secret)
    expect(first.said.err).not.toContain(response.access_token)

    const [command = ''] = await first.says(/^INTERHUMAN_CONFIG=.+$/m)
    const typed = await shell(
      command.replace('npx --no-install interhuman-auth', `${process.execPath} cli/bin/interhuman-auth.js`),
    )
    expect(JSON.parse(typed.out)).toMatchObject({ scope: 'interhumanai.upload' })
    const [curl = ''] = await first.says(/^\(\. [\s\S]+?\n\)$/m)
    expect(curl).not.toContain(secret)
    if ((await shell('command -v curl')).code === 0)
      expect(JSON.parse((await shell(curl)).out)).toMatchObject({ scope: 'interhumanai.upload' })

    expect(await first.stop('SIGINT')).toBe(0)
    expect(first.said.err).toMatch(/interhuman-auth: stopped\n$/)

    const before = await hash(file)
    const second = start(dataDir, '--port', new URL(url).port)
    await second.says(/the first key is there already: no second one is made\n/)
    await second.says(/To stop/)
    expect(JSON.parse(second.said.out)).toMatchObject({ token_type: 'Bearer' })
    expect(await second.stop('SIGTERM')).toBe(0)
    expect(await hash(file)).toBe(before)

    const elsewhere = start(dataDir, '--port', '0')
    await elsewhere.says(new RegExp(`goes only to the address stored with it, ${url}; start on that address`))
    expect(await elsewhere.stop('SIGINT')).toBe(0)
    expect(elsewhere.said.out).toBe('')
  },
  TIMEOUT_MS,
)

test(
  'a start that cannot be says why in one line, has an exit code that is not 0, and writes nothing',
  async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const dataDir = path.join(folder, 'taken')
    const refused = start(dataDir, '--port', port)
    expect(await refused.ended).toBe(1)
    taken.close()
    expect(refused.said.out).toBe('')
    expect(refused.said.err).toMatch(/^interhuman-auth: building\ninterhuman-auth-service: [^\n]+\n$/)
    await expect(stat(dataDir)).rejects.toThrow('ENOENT')
  },
  TIMEOUT_MS,
)

test(
  'on a Node that is too old it is one line and exit code 1, and no data folder is made',
  async () => {
    const old = (await findRuntimes()).find(({ name }) => name === 'Node 20')
    if (old === undefined || 'reason' in old) throw new Error(`there is no Node 20: ${old?.reason}`)
    const dataDir = path.join(folder, 'old')
    for (const script of ['start', 'dev', 'test']) {
      const { code, out, err } = await runOn(old.node, `tools/${script}.mjs`, dataDir)
      expect(err).toMatch(
        /^interhuman-auth: npm (?:start|run dev|test) needs Node 22\.13 or newer and this is 20\.\d+\.\d+; [^\n]+\n$/,
      )
      expect([code, out]).toEqual([1, ''])
    }
    await expect(stat(dataDir)).rejects.toThrow('ENOENT')
  },
  2 * TIMEOUT_MS,
)

test(
  'when start itself is killed, the service ends too',
  async () => {
    const killed = start(path.join(folder, 'killed'), '--port', '0')
    const [, url = ''] = await killed.says(/listens on (\S+)\n/)
    await killed.says(/To stop/)
    await killed.stop('SIGKILL')
    const reachable = () =>
      fetch(url).then(
        () => true,
        () => false,
      )
    for (let tries = 0; tries < 100 && (await reachable()); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await reachable()).toBe(false)
  },
  TIMEOUT_MS,
)
