import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readCommandOutput } from '../src/master-key-command.ts'
import { StartupError } from '../src/startup-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'master-key-command-'))
afterAll(() => rmSync(folder, { recursive: true }))

let scripts = 0
function script(body: string): string {
  scripts += 1
  const file = join(folder, String(scripts))
  writeFileSync(file, `#!/bin/sh\n${body}\n`)
  chmodSync(file, 0o700)
  return file
}

const run = (body: string, args: readonly string[] = [], timeoutMs?: number) =>
  readCommandOutput({ program: script(body), args }, timeoutMs)

describe.skipIf(process.platform === 'win32')('readCommandOutput (needs a POSIX shell)', () => {
  test('gives back what the command wrote, its arguments as they stand, and no shell between', async () => {
    expect(await run('printf "%s|" "$@"', ['a b', '$(echo LEAK)', '; echo LEAK', '*'])).toBe(
      'a b|$(echo LEAK)|; echo LEAK|*|',
    )
  })

  test('a command that fails is told by its exit code, and nothing that it wrote is repeated', async () => {
    await expect(run('echo LEAK; echo LEAK >&2; exit 3')).rejects.toThrow(
      new StartupError('the master key command failed with exit code 3'),
    )
    await expect(run('echo LEAK; kill -9 $$')).rejects.toThrow(
      new StartupError('the master key command was ended by SIGKILL'),
    )
  })

  test('a command that is not there is told', async () => {
    await expect(readCommandOutput({ program: join(folder, 'no'), args: [] })).rejects.toThrow(
      new StartupError('the master key command cannot be run (ENOENT)'),
    )
  })

  test('a command that writes too much is ended', async () => {
    await expect(run('while :; do echo LEAK; done')).rejects.toThrow(
      new StartupError('the master key command wrote more than 1024 bytes'),
    )
  })

  test('a command that is not done in time is ended, and what it started with it', async () => {
    const pid = join(folder, 'pid')
    await expect(run(`sleep 60 & echo $! > ${pid}; wait`, [], 1000)).rejects.toThrow(
      new StartupError('the master key command was not done within 1000 ms'),
    )
    expect(existsSync(pid)).toBe(true)
    const child = Number(readFileSync(pid, 'utf8'))
    for (let tries = 0; tries < 100 && isRunning(child); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isRunning(child)).toBe(false)
  })

  test('it reads nothing from standard input', async () => {
    expect(await run('cat; echo done')).toBe('done\n')
  })
})

/** An ended process whose parent has not asked for it yet counts as ended. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
