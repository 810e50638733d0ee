import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkConfig } from '../../../src/commands/config/check.ts'
import { CONFIGURATION } from '../../../src/config/table.ts'
import { readSettings } from '../../../src/config.ts'
import type { Runtime } from '../../../src/runtime.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-check-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function check(environment: Record<string, string>, { flags = {}, json = false } = {}) {
  const settings = readSettings(environment, flags)
  let output = ''
  const messages: string[] = []
  const runtime = {
    writeOutput: (text: string) => {
      output += text
    },
    writeMessage: (text: string) => messages.push(text),
  } as unknown as Runtime
  const code = await checkConfig(settings, { runtime, json })
  expect(output + messages.join('')).not.toContain('LEAK')
  return {
    code,
    output,
    messages,
    line: (name: string) => output.split('\n').find((it) => it.startsWith(name)),
  }
}

test('every setting has a line with its value and where it came from', async () => {
  const environment = { INTERHUMAN_AUTH_HOST: '::1', INTERHUMAN_AUTH_AUDIENCE: 'a\u001b[2J' }
  const { code, output, messages, line } = await check(environment, { flags: { port: '0' } })
  expect([code, messages]).toEqual([0, []])
  expect(output.split('\n')).toHaveLength(CONFIGURATION.length + 1)
  expect(line('INTERHUMAN_AUTH_HOST')).toMatch(/^\S+ +::1 +environment$/)
  expect(line('INTERHUMAN_AUTH_PORT')).toMatch(/^\S+ +0 +flag --port$/)
  expect(line('INTERHUMAN_AUTH_LOG_LEVEL')).toMatch(/^\S+ +info +default$/)
  expect(line('INTERHUMAN_AUTH_ISSUER')).toMatch(/^\S+ +- +default$/)
  expect(line('INTERHUMAN_AUTH_AUDIENCE')).toMatch(/^\S+ +a\\u001b\[2J +environment$/)
})

test('a secret is set or not set, and no more is said of it', async () => {
  const masterKey = 'LEAK'.padEnd(43, 'A')
  const { code, line } = await check({ INTERHUMAN_AUTH_MASTER_KEY: masterKey })
  expect(code).toBe(0)
  expect(line('INTERHUMAN_AUTH_MASTER_KEY ')).toMatch(/ +set +environment$/)
  expect((await check({})).line('INTERHUMAN_AUTH_MASTER_KEY ')).toMatch(/ +not set +default$/)
})

test('with --json it is one document, and what is wrong stands in it too', async () => {
  const { code, output, messages } = await check({ INTERHUMAN_AUTH_PORT: 'LEAK' }, { json: true })
  const document = JSON.parse(output) as { settings: Record<string, unknown>[]; problems: string[] }
  expect(code).toBe(1)
  expect(document.problems).toEqual(messages)
  expect(document.settings).toContainEqual({
    setting: 'INTERHUMAN_AUTH_PORT',
    value: null,
    allowed: false,
    source: 'environment',
    from: 'INTERHUMAN_AUTH_PORT',
  })
})

test('a master key that its command does not give is told without what it gave', async () => {
  const given = { INTERHUMAN_AUTH_MASTER_KEY_COMMAND: '/bin/echo LEAK' }
  const settings = readSettings(given)
  expect(settings.problems).toEqual([])
  const messages: string[] = []
  const runtime = { writeOutput: () => undefined, writeMessage: (text: string) => messages.push(text) }
  expect(await checkConfig(settings, { runtime: runtime as unknown as Runtime, json: false })).toBe(1)
  expect(messages).toEqual(['the output of the master key command does not hold 32 bytes in base64url'])
})

test('everything that is wrong is told, a line each, with exit code 1', async () => {
  const file = join(folder, 'master.key')
  writeFileSync(file, 'LEAK', { mode: 0o600 })
  const { code, messages, line } = await check({
    INTERHUMAN_AUTH_PORT: 'LEAK',
    INTERHUMAN_AUTH_PROT: 'LEAK',
    INTERHUMAN_AUTH_MASTER_KEY_FILE: file,
  })
  expect(code).toBe(1)
  expect(line('INTERHUMAN_AUTH_PORT')).toMatch(/ +not allowed +environment$/)
  expect(messages).toEqual([
    'INTERHUMAN_AUTH_PROT is not a setting; see docs/configuration.md',
    'INTERHUMAN_AUTH_PORT must be a whole number from 0 to 65535',
    `the master key file ${file} does not hold 32 bytes in base64url`,
  ])
})
