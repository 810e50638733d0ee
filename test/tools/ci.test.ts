import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { readMarkdown } from '../../tools/markdown.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/**
 * Runs a copy of .ci/run where `npm` is a shell script. The line that brings what is missing is left out, and what would
 * install is a program that only says that it was called, so that no machine is changed, whatever it lacks.
 */
async function runCi(npm: string) {
  const folder = await mkdtemp(path.join(tmpdir(), 'ci-'))
  folders.push(folder)
  await mkdir(path.join(folder, '.ci'))
  await mkdir(path.join(folder, 'bin'))
  const lines = (await readFile(path.join(ROOT, '.ci/run'), 'utf8')).split('\n')
  expect(lines.filter((line) => line === 'bring')).toHaveLength(1)
  await writeFile(path.join(folder, '.ci/run'), lines.filter((line) => line !== 'bring').join('\n'))
  const installers = ['apt-get', 'sudo', 'install'].map((name) => [name, `echo ${name} >>installed`] as const)
  for (const [name, text] of [['npm', npm] as const, ...installers]) {
    await writeFile(path.join(folder, 'bin', name), `#!/bin/sh\n${text}\n`)
    await chmod(path.join(folder, 'bin', name), 0o755)
  }
  const env = { PATH: `${path.join(folder, 'bin')}:/usr/bin:/bin`, LC_ALL: 'C.UTF-8' }
  const ended = await new Promise<{ code: number; lines: string[] }>((resolve) => {
    execFile('bash', ['.ci/run'], { cwd: folder, env, timeout: 20_000 }, (error, out) =>
      resolve({ code: error === null ? 0 : Number(error.code), lines: out.trimEnd().split('\n') }),
    )
  })
  expect(await readdir(folder)).not.toContain('installed')
  return ended
}

const counts = (lines: string[]) => lines.filter((line) => /^\d+ passed, \d+ failed/.test(line))

describe('.ci/run', () => {
  test('closes with the one line that is the sum of the three runs', async () => {
    const { code, lines } = await runCi(
      `case "$*" in
        test) echo "5 passed, 0 failed";;
        "run test:long") echo "2 passed, 0 failed";;
        "run test:faults") echo "1 passed, 0 failed";;
      esac`,
    )
    expect(code).toBe(0)
    expect(counts(lines)).toEqual(['8 passed, 0 failed'])
    expect(lines.at(-1)).toBe('8 passed, 0 failed')
  })

  test.each([
    ['a test fails', 'echo "5 passed, 1 failed"; exit 1', '15 passed, 3 failed'],
    ['a test is skipped', 'echo "5 passed, 0 failed, 1 skipped"', '15 passed, 0 failed, 3 skipped'],
    ['a run ends without a count', 'exit 1', '0 passed, 3 failed'],
    [
      'a run counts no failure but has an exit code',
      'echo "5 passed, 0 failed"; exit 1',
      '15 passed, 1 failed',
    ],
    ['nothing is run', 'echo "0 passed, 0 failed"', '0 passed, 0 failed'],
  ])('does not pass when %s', async (_when, script, line) => {
    const { code, lines } = await runCi(`[ "$*" = ci ] && exit 0\n${script}`)
    expect(code).not.toBe(0)
    expect(lines.at(-1)).toBe(line)
  })
})

test("CI runs the README's line, and the hosted CI runs what CI runs, with no right and no foreign action", async () => {
  const readme = readMarkdown(await readFile(path.join(ROOT, 'README.md'), 'utf8'))
  const typed = readme.blocks.flatMap((block) => block.lines.map((line) => line.text))
  expect(typed).toContain('npm ci && npm start')
  expect(typed).toContain('npm ci && npm test')
  expect(await readFile(path.join(ROOT, '.ci/run'), 'utf8')).toContain("count 'npm ci && npm test'\n")
  const workflow = await readFile(path.join(ROOT, '.github/workflows/ci.yml'), 'utf8')
  // As root, without whom some tests cannot give a file to another user, and would be skipped.
  expect(workflow).toContain('run: sudo -E env "PATH=$PATH" bash .ci/run\n')
  expect(workflow).toContain('permissions: {}\n')
  expect(workflow).not.toMatch(/\buses:/)
})
