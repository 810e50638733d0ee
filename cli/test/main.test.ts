import { cpSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BIN, keyEnvironment, runCommand, temporaryFolder } from './support/run-command.ts'

const refused = async (args: readonly string[]) => {
  const { code, stdout, stderr } = await runCommand(args)
  expect([code, stdout.length]).toEqual([2, 0])
  expect(stderr).toMatch(/^interhuman-auth: [^\n]+\n$/)
  return stderr.slice('interhuman-auth: '.length, -1)
}

describe('what is asked for is on standard output', () => {
  test.each([
    [['--help']],
    [['-h']],
    [['token', '--help']],
    [['check', '--help']],
    [['token', '--scope', 's', '--help']],
  ])('%j prints a help text of at most 100 columns', async (args) => {
    const { code, stdout, stderr } = await runCommand(args)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.toString()).toMatch(/^Usage: interhuman-auth /)
    for (const line of stdout.toString().split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  })

  test('--version prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(dirname(BIN), '../package.json'), 'utf8'))
    expect((await runCommand(['--version'])).stdout.toString()).toBe(`${version}\n`)
  })
})

describe('wrong usage is exit code 2 and one line that repeats nothing of what was typed', () => {
  test.each([
    [[], 'no command is named; see interhuman-auth --help'],
    [['LEAK'], 'the first argument is no command; see interhuman-auth --help'],
    [['--key-secret', 'LEAK'], 'the first argument is no command; see interhuman-auth --help'],
    [['toString'], 'the first argument is no command; see interhuman-auth --help'],
  ])('%j', async (args, line) => {
    expect(await refused(args)).toBe(line)
  })
})

describe('a command loads what it needs and no more, as everybody waits for its start', () => {
  const LIST = new URL('support/list-loaded.mjs', import.meta.url).href

  test.each([
    [['--help'], /\/commands\/|keyring|node:http|node:net|node:fs$/],
    [
      ['check'],
      /\/commands\/(?!check)|keyring|node:http|node:child_process|client\/dist\/(?:index|reuse|create-fetch)\.js/,
    ],
    [
      ['token', '--scope', 's'],
      /\/commands\/(?!token)|keyring|node:child_process|client\/dist\/(?:index|reuse)\.js/,
    ],
  ])('%j', async (args, needless) => {
    const env = { ...keyEnvironment('http://127.0.0.1:1'), NODE_OPTIONS: `--import ${LIST}` }
    const { stderr } = await runCommand(args, { env })
    const loaded = [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, url = '']) => url)
    expect(loaded.some((url) => url.endsWith('/cli/dist/main.js'))).toBe(true)
    expect(loaded.filter((url) => needless.test(url))).toEqual([])
  })
})

describe('the file that an installer links', () => {
  test('says that it is not built', async () => {
    const folder = temporaryFolder()
    cpSync(dirname(BIN), join(folder, 'bin'), { recursive: true })
    cpSync(join(dirname(BIN), '../package.json'), join(folder, 'package.json'))
    expect(await runCommand(['--help'], { file: join(folder, 'bin/interhuman-auth.js') })).toMatchObject({
      code: 2,
      stderr: 'interhuman-auth: not built; run npm run build\n',
    })
  })

  test('says that Node is too old', async () => {
    const preload = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"18.20.0"})'
    expect(
      await runCommand(['--import', preload, BIN, '--help'], { program: process.execPath }),
    ).toMatchObject({ code: 2, stderr: 'interhuman-auth: Node 18.20.0 is too old; use Node 20 or newer\n' })
  })
})
