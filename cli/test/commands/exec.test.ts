import type { ChildProcess } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onTerminal } from '../support/on-terminal.ts'
import { answer, type RawServer, startRawServer } from '../support/raw-server.ts'
import { BIN, keyEnvironment, type RunOptions, runCommand, temporaryFolder } from '../support/run-command.ts'

const body = '{"access_token":"token","token_type":"Bearer","expires_in":900,"scope":"s"}'
const start = ['exec', '--scope', 's', '--']

/** Says which signals came, and ends at the second SIGTERM or at an empty line. */
const LISTENER = `
  let terms = 0
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'])
    process.on(signal, () => {
      console.log(signal)
      if (signal === 'SIGTERM' && ++terms === 2) process.exit(9)
    })
  process.stdin.on('data', (line) => String(line).trim() === '' ? process.exit(8) : console.log('read ' + line))
  setInterval(() => {}, 1000)
  console.log('READY')`

let server: RawServer
let file = ''
let listener = ''
beforeAll(async () => {
  server = await startRawServer(answer(200, body))
})
afterAll(() => server?.stop())

/** Where the cache does not work, something is said, and then the command is a child: both ways are tested on one Node. */
const ways = ['in its place', 'as a child'] as const
type Way = (typeof ways)[number]

function environment(way: Way): Record<string, string> {
  const folder = temporaryFolder()
  file = join(folder, 'file')
  listener = join(folder, 'listener.cjs')
  writeFileSync(file, '')
  writeFileSync(listener, LISTENER)
  const cache = way === 'as a child' ? file : folder
  return { PATH: '/usr/bin:/bin', XDG_CACHE_HOME: cache, ...keyEnvironment(server.url) }
}

const hasExecve = (process as { execve?: unknown }).execve !== undefined

describe.each(ways)('a command that runs %s', (way) => {
  const run = (command: readonly string[], options: RunOptions = {}) =>
    runCommand([...start, ...command], { ...options, env: { ...environment(way), ...options.env } })

  test.each([0, 255])('ends with its own exit code: %i', async (code) => {
    const ended = await run(['sh', '-c', `exit ${code}`])
    expect([ended.code, ended.signal]).toEqual([code, null])
  })

  test.each(['SIGTERM', 'SIGKILL'])('that %s ends ends this process so, too', async (signal) => {
    const ended = await run(['sh', '-c', `kill -${signal.slice(3)} $$`])
    expect([ended.code, ended.signal]).toEqual([null, signal])
  })

  test('ends with 128 and the number of a signal that leaves a core, or that Node ignores', async () => {
    const quit = await run(['sh', '-c', 'ulimit -c 0; kill -QUIT $$'])
    const pipe = await run(['sh', '-c', 'kill -PIPE $$'])
    const codes = way === 'as a child' ? [131, 141] : ['SIGQUIT', 'SIGPIPE']
    expect([quit.code ?? quit.signal, pipe.code ?? pipe.signal]).toEqual(codes)
  })

  test('has the standard streams and the signals as a shell would give them', async () => {
    const { stdout, code } = await run(['sh', '-c', 'cat; yes | head -n 1; echo err >&2'], { stdin: 'in\n' })
    expect([stdout.toString(), code]).toEqual(['in\ny\n', 0])
  })

  test('has streams that block', async () => {
    const big = 'for i in 1 2 3 4 5 6 7 8; do head -c 1000000 /dev/zero >&2; done; echo all'
    const { stdout, stderr } = await run(['sh', '-c', big])
    expect([stdout.toString(), stderr.replace(/^interhuman-auth.*\n/, '').length]).toEqual([
      'all\n',
      8_000_000,
    ])
  })

  test('gets each signal that is sent to this process alone once', async () => {
    const env = environment(way)
    const sent = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGTERM'] as const
    const { code, stdout } = await listen(env, sent, (child, signal) => child.kill(signal))
    expect([stdout, code]).toEqual([['READY', ...sent], 9])
  })

  test('gets each signal that is sent to the whole process group once', async () => {
    const env = environment(way)
    const sent = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGTERM'] as const
    const { code, stdout } = await listen(env, sent, (child, signal) =>
      process.kill(-(child.pid ?? 0), signal),
    )
    expect([stdout, code]).toEqual([['READY', ...sent], 9])
  })

  test('gets an interrupt that is typed on the terminal once, and one from elsewhere once', async (context) => {
    const steps = [
      ['expect', 'READY'],
      ['type', '\u0003'],
      ['expect', 'SIGINT'],
      ['type', 'between\n'],
      ['expect', 'read between'],
      ['pause', 0.5],
      ['interrupt'],
      ['expect', 'SIGINT'],
      ['type', '\n'],
    ]
    const command = [process.execPath, BIN, ...start, process.execPath]
    const env = environment(way)
    const { shown, code } = await onTerminal(context, steps, [...command, listener], env)
    expect([shown.match(/SIG[A-Z]+/g), code]).toEqual([['SIGINT', 'SIGINT'], 8])
  })

  test('is stopped by the terminal and taken up again by its shell', async (context) => {
    const env = environment(way)
    const command = `"${process.execPath}" "${BIN}" ${start.join(' ')} "${process.execPath}" ${listener}`
    const steps = [
      ['type', `${command}; echo "code $?"\n`],
      ['expect', 'READY'],
      ['type', '\u001a'],
      ['expect', 'Stopped'],
      ['type', 'echo in the $((1 + 1))nd\n'],
      ['expect', 'in the 2nd'],
      ['type', 'fg\n'],
      ['expect', 'listener.cjs'],
      ['type', 'again\n'],
      ['expect', 'read again'],
      ['type', '\n'],
      ['type', 'echo "code $?"; exit\n'],
      ['expect', 'code 8'],
    ]
    await onTerminal(context, steps, ['bash', '--norc', '--noprofile', '-i'], env)
  })
})

describe('a command in the place of this process', () => {
  test.skipIf(!hasExecve)('is this process, and nobody stands between (needs Node 22.15)', async () => {
    let pid: number | undefined
    const { stdout } = await runCommand([...start, 'sh', '-c', 'echo $$'], {
      env: environment('in its place'),
      whileRunning: (child) => {
        pid = child.pid
      },
    })
    expect(stdout.toString()).toBe(`${pid}\n`)
  })

  test('is not taken for an assignment or an option when its name looks like one', async () => {
    const env = environment('in its place')
    const folder = temporaryFolder()
    symlinkSync('/bin/echo', join(folder, 'a=b'))
    symlinkSync('/bin/echo', join(folder, '-i'))
    for (const name of ['a=b', '-i']) {
      const { stdout } = await runCommand([...start, name, 'x'], { env: { ...env, PATH: folder } })
      expect(stdout.toString()).toBe('x\n')
    }
  })

  test('may have arguments beyond what is passed on without a look', async () => {
    const { stdout, code } = await runCommand([...start, 'echo', ...Array(3).fill('x'.repeat(100_000))], {
      env: environment('in its place'),
    })
    expect([stdout.length, code]).toEqual([300_003, 0])
  })
})

describe('a command as a child', () => {
  test('is ended when this process is killed', async () => {
    let child: ChildProcess | undefined
    const { signal, stdout } = await listen(environment('as a child'), ['SIGKILL'], (running) => {
      child = running
      running.kill('SIGKILL')
    })
    expect([child?.killed, signal, stdout]).toEqual([true, 'SIGKILL', ['READY', 'SIGTERM']])
  })

  test('whose interpreter is not there is 127', async () => {
    const path = join(temporaryFolder(), 'a=b')
    writeFileSync(path, '#!/nowhere\n', { mode: 0o755 })
    const { code, stderr } = await runCommand([...start, path], { env: environment('in its place') })
    expect([code, stderr]).toEqual([
      127,
      'interhuman-auth: the command was not found; check its name, and PATH\n',
    ])
  })
})

/** Runs the listener and sends it one signal after the other, each when the one before was seen. */
async function listen(
  env: Record<string, string>,
  signals: readonly NodeJS.Signals[],
  send: (child: ChildProcess, signal: NodeJS.Signals) => void,
) {
  const left = [...signals]
  const ended = await runCommand([...start, process.execPath, listener], {
    env,
    detached: true,
    whileRunning: (child) =>
      child.stdout?.on('data', () => {
        const next = left.shift()
        // Time for a second one to come, were there one.
        if (next !== undefined) setTimeout(send, 50, child, next)
        else if (signals[0] === 'SIGKILL') process.kill(-(child.pid ?? 0), 'SIGKILL')
      }),
  })
  return { ...ended, stdout: ended.stdout.toString().trim().split('\n') }
}
