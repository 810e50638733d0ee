import { copyFileSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answer, startRawServer } from './support/raw-server.ts'
import { keyEnvironment, runCommand, temporaryFolder } from './support/run-command.ts'

const SCRIPT = fileURLToPath(
  new URL('../../skills/interhuman-authentication/scripts/interhuman-auth.mjs', import.meta.url),
)

/** Runs a copy of the script, alone in an empty folder. */
async function runAlone(args: readonly string[], status: number, body: string) {
  const server = await startRawServer(answer(status, body))
  onTestFinished(server.stop)
  const cwd = temporaryFolder()
  copyFileSync(SCRIPT, join(cwd, 'script.mjs'))
  const ended = await runCommand(args, {
    file: join(cwd, 'script.mjs'),
    cwd,
    env: keyEnvironment(server.url),
  })
  return { ...ended, cwd, requests: server.requests }
}

describe('the skill’s script, alone in an empty folder', () => {
  test('hands on the answer’s bytes', async () => {
    const { code, stdout, stderr } = await runAlone(['--scope', 'interhumanai.upload'], 200, '{"a":1}\r\n')
    expect([code, stdout.toString(), stderr]).toEqual([0, '{"a":1}\r\n', ''])
  })

  test('hands on a refusal as well, with exit code 4', async () => {
    const { code, stdout } = await runAlone(['--scope', 'interhumanai.upload'], 403, '{"b":2}')
    expect([code, stdout.toString()]).toEqual([4, '{"b":2}'])
  })

  test('writes to a file', async () => {
    const { code, stdout, cwd } = await runAlone(['--scope', 's', '--output', 'token.json'], 200, '{"a":1}')
    expect([code, stdout.length]).toEqual([0, 0])
    expect(readFileSync(join(cwd, 'token.json'), 'utf8')).toBe('{"a":1}')
    expect(statSync(join(cwd, 'token.json')).mode & 0o777).toBe(0o600)
    expect(readdirSync(cwd).sort()).toEqual(['script.mjs', 'token.json'])
  })

  test('checks without asking anybody', async () => {
    const { code, stdout, requests } = await runAlone(['--check'], 200, '')
    expect([code, requests.length]).toEqual([0, 0])
    expect(stdout.toString()).toContain('used: environment')
  })

  test('names its own help in a line on wrong usage, and repeats nothing', async () => {
    const { code, stderr } = await runAlone(['LEAK'], 200, '')
    expect(code).toBe(2)
    expect(stderr).toMatch(/; see node scripts\/interhuman-auth\.mjs --help\n$/)
    expect(stderr).not.toContain('LEAK')
  })
})

describe('the text of the script', () => {
  const text = readFileSync(SCRIPT, 'utf8')

  test('imports nothing but Node’s own modules', () => {
    const specifiers = [...text.matchAll(/(?:from|import\() ?["']([^"']+)["']/g)].map((match) => match[1])
    expect(specifiers.length).toBeGreaterThan(3)
    for (const specifier of specifiers) expect(specifier).toMatch(/^node:/)
  })

  test('names one host, and says how it is built', () => {
    const hosts = new Set([...text.matchAll(/https?:\/\/([\w.-]+)/g)].map((match) => match[1]))
    expect([...hosts]).toEqual(['api.interhuman.ai'])
    expect(text).toContain('node tools/build-skill.mjs')
  })
})
