import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answer, startRawServer } from './support/raw-server.ts'
import { BIN, temporaryFolder } from './support/run-command.ts'

const SCRIPT = '/usr/bin/script'

/** What is awaited on the terminal, and what is then typed, or done to the process. */
type Talk = readonly (readonly [awaited: string, typed: string | ((pid: number) => void)])[]

/**
 * Runs `login` on a terminal of its own (util-linux `script`), types, and gives all that the terminal showed: at the end
 * the exit code, and whether the terminal is as it was.
 */
async function logIn(talk: Talk) {
  const token = { access_token: 'LEAKt', token_type: 'Bearer', expires_in: 900, scope: 'interhumanai.upload' }
  const server = await startRawServer(answer(200, JSON.stringify(token)))
  onTestFinished(server.stop)
  const HOME = temporaryFolder()
  const command =
    `stty -a >before; sh -c 'echo $$ >pid; exec "${process.execPath}" "${BIN}" login --api-url ${server.url}'; ` +
    'echo "ended with $?"; stty -a >after; cmp before after && echo as before'
  const child = spawn(SCRIPT, ['-qefc', command, '/dev/null'], {
    cwd: HOME,
    env: { HOME, PATH: '/usr/bin:/bin', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000)
  let shown = ''
  const left = [...talk]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
    const [awaited, typed] = left[0] ?? []
    if (awaited === undefined || !shown.includes(awaited)) return
    left.shift()
    if (typeof typed === 'string') child.stdin.write(typed)
    else typed?.(Number(readFileSync(join(HOME, 'pid'), 'utf8')))
  })
  await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(limit)
  return { shown: shown.replaceAll('\r', ''), file: join(HOME, '.config/interhuman/credentials.env'), server }
}

describe.skipIf(!existsSync(SCRIPT))('login at a terminal (needs util-linux script)', () => {
  test('shows the id and never the secret, takes corrections, and leaves the terminal as it was', async () => {
    const { shown, file, server } = await logIn([
      ['key id: ', 'wrong\u0015ihk_idX\u007F\r'],
      ['key secret', 'LEAK-secre\u001B[Ctt\u007F\r'],
    ])
    expect(shown).toContain('ihk_id')
    expect(shown).not.toMatch(/LEAK|secre(?!t \(is not shown\))/)
    expect(shown).toContain('\nended with 0\nas before\n')
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
      key_id: 'ihk_id',
      key_secret: 'LEAK-secret',
    })
    expect(readFileSync(file, 'utf8')).toMatch(
      /^INTERHUMAN_KEY_ID=ihk_id\nINTERHUMAN_KEY_SECRET=LEAK-secret\n/,
    )
  })

  test('pasted whole, is read line by line', async () => {
    const { shown, server } = await logIn([['key id: ', '\u001B[200~ihk_id\rLEAK-secret\r\u001B[201~']])
    expect(shown).not.toContain('LEAK')
    expect(shown).toContain('\nended with 0\nas before\n')
    expect(JSON.parse(server.requests[0]?.body ?? '').key_secret).toBe('LEAK-secret')
  })

  test.each([
    ['Ctrl-C', '\u0003', 130, 'interrupted; nothing was stored'],
    ['Ctrl-D', '\u0004', 2, 'the input ended; nothing was stored'],
  ])(
    'ended by %s: the terminal is as it was, and nothing is stored or sent',
    async (_, typed, code, line) => {
      const { shown, file, server } = await logIn([
        ['key id: ', 'ihk_id\r'],
        ['key secret', typed],
      ])
      expect(shown).toContain(`interhuman-auth: ${line}\nended with ${code}\nas before\n`)
      expect([existsSync(file), server.requests]).toEqual([false, []])
    },
  )

  test('ended by a signal: the terminal is as it was', async () => {
    const { shown } = await logIn([
      ['key id: ', 'ihk_id\r'],
      ['key secret', (pid) => process.kill(pid, 'SIGTERM')],
    ])
    expect(shown).toContain('ended with 143\nas before\n')
  })
})
