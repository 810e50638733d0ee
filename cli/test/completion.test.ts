import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../src/command-table.ts'
import { formatCompletion } from '../src/completion.ts'
import { runCommand, temporaryFolder } from './support/run-command.ts'

const commands = Object.keys(COMMANDS)
const has = (program: string) => ['/usr/bin', '/bin'].some((folder) => existsSync(join(folder, program)))
const run = (program: string, args: readonly string[], cwd: string) =>
  execFileSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: 20_000,
    env: { PATH: '/usr/bin:/bin', HOME: cwd },
  })

describe('completion', () => {
  test('is printed by the command, and named for a shell alone', async () => {
    const { code, stdout } = await runCommand(['completion', 'bash'])
    expect([code, stdout.toString()]).toEqual([0, formatCompletion('bash', COMMANDS)])
    const { stderr } = await runCommand(['completion', 'LEAK'])
    expect(stderr).toBe(
      'interhuman-auth: SHELL is one of bash, zsh, fish; see interhuman-auth completion --help\n',
    )
  })

  test('works in a real bash', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'completion'), formatCompletion('bash', COMMANDS))
    writeFileSync(join(folder, 'a file'), '')
    const complete = (...words: readonly string[]) =>
      `COMP_WORDS=(interhuman-auth ${words.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${words.length}; ` +
      `_interhuman_auth; (IFS='|'; echo "\${COMPREPLY[*]}")`
    const script = [
      'source ./completion',
      complete('lo'),
      complete(''),
      complete('token', '--sc'),
      complete('token', '--scope', ''),
      complete('token', '--output', 'a'),
      complete('login', '--store', 'k'),
      complete('completion', 'z'),
      complete('exec', '--', 'interhuman-no-such'),
      complete('exec', '--', 'cat', 'a'),
      complete('token', '--timeout', ''),
    ].join('\n')
    expect(run('bash', ['--noprofile', '--norc', '-c', script], folder).split('\n').slice(0, -1)).toEqual([
      'login|logout',
      [...commands, '--help', '--version'].join('|'),
      '--scope',
      'interhumanai.upload|interhumanai.stream',
      'a file',
      'keychain',
      'zsh',
      '',
      'a file',
      '',
    ])
  })

  test.skipIf(!has('zsh'))('works in a real zsh (needs zsh)', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, '_interhuman-auth'), formatCompletion('zsh', COMMANDS))
    const script =
      'autoload -Uz compinit; compinit -u -D; source ./_interhuman-auth; echo $_comps[interhuman-auth]'
    expect(run('zsh', ['-f', '-c', script], folder)).toBe('_interhuman_auth\n')
    expect(run('zsh', ['-f', '-n', '_interhuman-auth'], folder)).toBe('')
  })

  test.skipIf(!has('fish'))('works in a real fish (needs fish)', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'completion'), formatCompletion('fish', COMMANDS))
    const asked = ['interhuman-auth lo', 'interhuman-auth login --store ', 'interhuman-auth completion z']
    const script = ['source ./completion', ...asked.map((line) => `complete -C '${line}'`)].join('\n')
    const names = run('fish', ['--no-config', '-c', script], folder)
      .split('\n')
      .map((line) => line.split('\t')[0])
    expect(names.slice(0, -1)).toEqual(['login', 'logout', 'file', 'keychain', 'zsh'])
  })
})

describe('the manual page', () => {
  const path = fileURLToPath(new URL('../man/interhuman-auth.1', import.meta.url))
  const page = readFileSync(path, 'utf8')

  test('names every command and every option, and requests nothing that man does not know', () => {
    for (const [name, { options }] of Object.entries(COMMANDS)) {
      expect(page).toContain(`.SS ${name}\n`)
      for (const option of options) expect(page).toContain(`--${option.name}`.replaceAll('-', '\\-'))
    }
    for (const [, request] of page.matchAll(/^\.(\S+)/gm))
      expect(['\\"', 'TH', 'SH', 'SS', 'PP', 'TP', 'B']).toContain(request)
  })

  test.skipIf(!has('mandoc'))(
    'is clean to mandoc, but for a date, which a written file has none of (needs mandoc)',
    () => {
      const lint = run('sh', ['-c', `mandoc -T lint '${path}' || true`], temporaryFolder())
      expect(lint.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([])
    },
  )
})
