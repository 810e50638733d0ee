import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { validate } from 'skills-ref'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cleanEnvironment, runProcess } from './support/start-service.ts'

// Programs of others judge the folder: the format is theirs. Each runs without network, and at home in an empty folder.

const root = fileURLToPath(new URL('../', import.meta.url))
const folder = join(root, 'skills/interhuman-authentication')
let home: string

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'interhuman-validators-'))
})
afterAll(() => rmSync(home, { recursive: true }))

/** Gives the JSON values that a validator wrote, each of which begins at the start of a line. */
async function runValidator(program: string, ...args: string[]): Promise<unknown[]> {
  const env = cleanEnvironment({ HOME: home, DO_NOT_TRACK: '1', NO_COLOR: '1' })
  const file = join(root, 'node_modules', program)
  const { code, stdout, stderr } = await runProcess(process.execPath, [file, ...args], env)
  expect(code, stderr + stdout).toBe(0)
  return stdout.split(/^(?=[[{])/m).map((json) => JSON.parse(json))
}

test('the reference validator of agent skills finds nothing', async () => {
  expect(await validate(folder)).toEqual([])
})

test('skill-check finds nothing, warnings counted as errors', async () => {
  const args = ['check', folder, '--no-security-scan', '--no-installs', '--strict', '--format', 'json']
  const [report] = await runValidator('skill-check/bin/skill-check.js', ...args)
  const summary = { skillCount: 1, errorCount: 0, warningCount: 0 }
  expect(report).toMatchObject({ summary, diagnostics: [], scores: [{ score: 100 }] })
})

test('skill-tools finds the folder valid, and nothing to warn of', async () => {
  const [validated, linted] = await runValidator(
    'skill-tools/dist/cli.js',
    'check',
    folder,
    '--format',
    'json',
  )
  expect(validated).toMatchObject([{ name: 'interhuman-authentication', valid: true, diagnostics: [] }])
  expect(linted).toMatchObject([{ errorCount: 0, warningCount: 0, infoCount: 0 }])
})
