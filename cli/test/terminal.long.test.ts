import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../src/command-table.ts'
import { formatCompletion } from '../src/completion.ts'
import { onTerminal } from './support/on-terminal.ts'
import { BIN, runCommand, temporaryFolder } from './support/run-command.ts'

/** What a person types at the prompt of a shell, each line begun anew. */
const line = (typed: string) => ['type', `\u0015${typed}`]

const ZSHRC = `
  PS1='READY> '
  unset zle_bracketed_paste
  setopt no_list_ambiguous no_beep
  autoload -Uz compinit && compinit -u -D
  source ~/completion
`

test.skipIf(!existsSync('/usr/bin/zsh') && !existsSync('/bin/zsh'))(
  'zsh completes commands, options and their values at its prompt (needs zsh)',
  async (context) => {
    const HOME = temporaryFolder()
    writeFileSync(join(HOME, 'completion'), formatCompletion('zsh', COMMANDS))
    writeFileSync(join(HOME, '.zshrc'), ZSHRC)
    const steps = [
      ['expect', 'READY> '],
      line('interhuman-auth lo\t'),
      ['expect', 'login '],
      ['expect', 'logout '],
      ['expect', 'READY> '],
      line('interhuman-auth login --st\t'),
      ['expect', 'login --store'],
      line('interhuman-auth login --store \t'),
      ['expect', 'file '],
      ['expect', 'keychain'],
      line('interhuman-auth completion z\t'),
      ['expect', 'completion zsh'],
      line('exit\n'),
    ]
    const env = { HOME, ZDOTDIR: HOME, TERM: 'dumb', PATH: '/usr/bin:/bin' }
    const { shown, code } = await onTerminal(context, steps, ['zsh', '-i'], env)
    expect([code, shown.includes('header')]).toEqual([0, false])
  },
)

describe('a help text, a check and a refusal', () => {
  const auth = `"${process.execPath}" "${BIN}"`
  const lines = `${auth} --help; ${auth} token --help; ${auth} check; ${auth} token --scope s; ${auth} LEAK`
  const willing = {
    PATH: '/usr/bin:/bin',
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    FORCE_COLOR: '3',
    CLICOLOR_FORCE: '1',
  }
  const seen = [
    /Usage: interhuman-auth token/,
    /environment: holds no/,
    /no credential found/,
    /first argument/,
  ]

  test('have no colours on a terminal', async (context) => {
    const { shown } = await onTerminal(context, [], ['/bin/sh', '-c', lines], {
      HOME: temporaryFolder(),
      ...willing,
    })
    for (const each of seen) expect(shown).toMatch(each)
    expect(shown).not.toContain('\u001b')
  })

  test('have none off it', async () => {
    const { stdout, stderr } = await runCommand(['-c', lines], { program: '/bin/sh', env: willing })
    const shown = stdout.toString() + stderr
    for (const each of seen) expect(shown).toMatch(each)
    expect(shown).not.toContain('\u001b')
  })
})
